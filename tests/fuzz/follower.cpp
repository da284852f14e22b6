#include "feed/follower.hpp"
#include "catalog/catalog.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "unit/pgoutput_bytes.hpp"

using namespace larder;

namespace {

constexpr std::uint64_t trusted = 7;
constexpr std::string_view here = "here";
constexpr std::size_t key_limit = 24;

/// What a transaction makes wrong at the least.
struct Needed {
    std::set<std::string> collections;
    std::set<std::pair<std::string, std::string>> values;  // resource; id or unique value
    bool everything = false;
    std::size_t rows = 0;
};

/// Writes a stream as PostgreSQL would for transactions that the input describes, gives it to a
/// follower, and keeps account of what each transaction needs.
class Stream {
public:
    Stream(std::string_view input, std::span<const Resource> resources)
        : input_(input),
          resources_(resources),
          follower_(resources, std::string(here), {}, key_limit) {
        for (std::uint32_t id = 0; id < resources_.size(); ++id) describe(id, false);
    }

    void run() {
        while (!input_.is_empty()) transaction();
    }

private:
    const Resource& resource_of(std::uint32_t id) const { return resources_[id]; }

    void send(std::string_view bytes) {
        const auto event = pgoutput::parse(bytes);
        MUST(event.has_value());
        follower_.take(*event, trusted);
    }

    /// The columns of a table: `id` and those of the fields, in one of two orders.
    std::vector<std::string> columns_of(std::uint32_t id) const {
        std::vector<std::string> columns = {"id"};
        for (const Field& field : resource_of(id).fields) columns.emplace_back(field.name);
        if (reversed_.contains(id)) std::ranges::reverse(columns);
        return columns;
    }

    void describe(std::uint32_t id, bool is_reversed) {
        if (is_reversed != reversed_.contains(id)) needed_.everything = known_.contains(id);
        if (is_reversed) {
            reversed_.insert(id);
        } else {
            reversed_.erase(id);
        }
        known_.insert(id);
        const auto columns = columns_of(id);
        Bytes bytes('R');
        bytes.number(id).text("public").text(resource_of(id).name).character('f');
        bytes.number(static_cast<std::uint16_t>(columns.size()));
        for (const auto& column : columns) {
            bytes.character('\0').text(column).number(std::uint32_t{25}).number(std::int32_t{-1});
        }
        send(bytes);
    }

    void transaction() {
        send(Bytes('B').number(std::uint64_t{9}).number(std::int64_t{1}).number(std::uint32_t{3}));
        needed_ = {};
        is_renewed_ = false;
        mark_.reset();
        for (unsigned left = input_.byte() % 40; left > 0; --left) step();
        send(Bytes('C')
                 .character('\0')
                 .number(std::uint64_t{1})
                 .number(std::uint64_t{2})
                 .number(std::int64_t{3}));
        check();
        if (input_.flag()) follower_.pending() = {};
    }

    void step() {
        const auto id = static_cast<std::uint32_t>(input_.byte() % (resources_.size() + 1));
        const unsigned what = input_.byte() % 8;
        if (what == 7) return mark();
        if (id == resources_.size()) return;  // a table that no resource has
        switch (what) {
            case 0: return insert(id);
            case 1:
            case 2: return update(id);
            case 3:
            case 4: return removal(id);
            case 5: return truncate(id);
            default: break;
        }
        const bool was_everything = needed_.everything;
        const bool is_reversed = input_.flag();
        const bool changes = is_reversed != reversed_.contains(id) && columns_of(id).size() > 1;
        describe(id, is_reversed);
        needed_.everything = was_everything || changes;
        is_renewed_ = is_renewed_ || changes;
        if (changes) needed_.collections.emplace(resource_of(id).name);
    }

    void mark() {
        Mark mark{.host = input_.flag() ? std::string(here) : "there",
                  .epoch = input_.flag() ? trusted : input_.byte() % 9U,
                  .rows = input_.byte() % 40U};
        if (input_.flag()) mark.rows = needed_.rows;
        const bool counts = input_.byte() % 4 != 0;
        const std::string text = to_text(mark);
        Bytes bytes('M');
        bytes.character(counts ? '\1' : '\0').number(std::uint64_t{5}).text("larder");
        send(bytes.number(static_cast<std::uint32_t>(text.size())).raw(text));
        if (counts) mark_ = mark;
    }

    /// What keys are made of, id and unique values, by column.
    using Row = std::map<std::string, std::string>;

    /// Appends a row of short texts.
    Row append_row(Bytes& bytes, std::uint32_t id) {
        const auto columns = columns_of(id);
        Row row;
        bytes.number(static_cast<std::uint16_t>(columns.size()));
        for (const auto& column : columns) {
            const std::string value = "v" + std::to_string(input_.byte() % 100) + ";";
            const auto& fields = resource_of(id).fields;
            const auto field = std::ranges::find(fields, column, &Field::name);
            const bool is_unique = field != fields.end() && field->unique;
            if (column != "id" && input_.byte() % 8 == 0) {
                bytes.character('n');
                continue;
            }
            bytes.value(value);
            if (column == "id" || is_unique) row.emplace(column, value);
        }
        return row;
    }

    bool has_unique(std::uint32_t id) const {
        return std::ranges::any_of(resource_of(id).fields, &Field::unique);
    }

    void need(std::uint32_t id, const Row& row) {
        const std::string name(resource_of(id).name);
        needed_.collections.insert(name);
        for (const auto& [column, value] : row) needed_.values.emplace(name, value);
    }

    /// The owner of a unique value that stays with the same record does not change.
    static void drop_kept_values(Row& old, Row& row) {
        if (old["id"] != row["id"]) return;
        std::erase_if(row, [&](const auto& member) {
            if (member.first == "id") return false;
            const auto before = old.find(member.first);
            if (before == old.end() || before->second != member.second) return false;
            old.erase(before);
            return true;
        });
    }

    void insert(std::uint32_t id) {
        Bytes bytes('I');
        bytes.number(id).character('N');
        append_row(bytes, id);
        send(bytes);
        need(id, {});
        ++needed_.rows;
    }

    void update(std::uint32_t id) {
        const unsigned old = input_.byte() % 3;
        Bytes bytes('U');
        bytes.number(id);
        Row before;
        if (old != 0) before = append_row(bytes.character(old == 1 ? 'K' : 'O'), id);
        Row after = append_row(bytes.character('N'), id);
        send(bytes);
        if (old != 0) drop_kept_values(before, after);
        need(id, before);
        need(id, after);
        needed_.everything = needed_.everything || (has_unique(id) && old != 2);
        ++needed_.rows;
    }

    void removal(std::uint32_t id) {
        const bool is_full = input_.flag();
        Bytes bytes('D');
        bytes.number(id).character(is_full ? 'O' : 'K');
        need(id, append_row(bytes, id));
        send(bytes);
        needed_.everything = needed_.everything || (has_unique(id) && !is_full);
        ++needed_.rows;
    }

    void truncate(std::uint32_t id) {
        send(Bytes('T').number(std::uint32_t{1}).character('\0').number(id));
        needed_.collections.emplace(resource_of(id).name);
        needed_.everything = true;
        is_renewed_ = true;
    }

    void check() {
        const Invalidation& found = follower_.pending();
        const bool is_vouched_for =
            mark_ && mark_->rows == needed_.rows && needed_.rows <= Mark::most_rows;
        // A table that was emptied or changed concerns every host, whatever the mark says.
        if (is_vouched_for && !is_renewed_) {
            if (mark_->host == here) return;
            needed_.everything = needed_.everything && mark_->epoch != trusted;
            if (mark_->epoch == trusted) needed_.values.clear();
        }
        if (is_vouched_for && is_renewed_) {
            MUST(found.everything);
            return;
        }
        MUST(found.everything || !needed_.everything);
        for (const auto& name : needed_.collections) MUST(found.lists.contains(name));
        if (found.everything) return;
        for (const auto& [name, value] : needed_.values) {
            MUST(std::ranges::any_of(found.keys, [&](const std::string& key) {
                return key.contains(name) && key.contains(value);
            }));
        }
    }

    fuzz::Input input_;
    std::span<const Resource> resources_;
    Follower follower_;
    std::set<std::uint32_t> known_;
    std::set<std::uint32_t> reversed_;
    Needed needed_;
    bool is_renewed_ = false;
    std::optional<Mark> mark_;
};

}  // namespace

// Whatever a committed transaction has changed past the workers of this host is invalidated.
FUZZ_TARGET(follower) {
    static const auto resources = read_catalog(LARDER_RESOURCES).value();
    Stream(input, resources).run();
}
