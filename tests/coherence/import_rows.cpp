#include "import_rows.hpp"

#include <algorithm>
#include <array>

namespace larder::coherence {
namespace {

constexpr std::array imported = {Resource::employees, Resource::employees, Resource::products,
                                 Resource::items,     Resource::parents,   Resource::children,
                                 Resource::children,  Resource::friends};

/// Behind those of HotRecords::some_employee_id.
constexpr unsigned first_own_employee_id = 3001;
constexpr unsigned own_employee_ids = 1000;

/// Parents that live long gather children.
constexpr unsigned short_lived_slots = 2;

bool is_document(Resource resource) { return resource == Resource::items; }

std::string id_member(Resource resource, const std::string& id) {
    return resource == Resource::employees ? id : '"' + id + '"';
}

ImportedRow row_of(Resource resource, Action action, RecordNumber record, Value value) {
    ImportedRow row;
    row.write.action = action;
    row.write.resource = resource;
    row.write.record = record;
    row.write.value = value;
    row.write.imported = true;
    return row;
}

}  // namespace

/// Over 1,000 of them are two batches, where records are changed.
unsigned ImportRows::some_size(Resource resource) {
    const unsigned choice = below(100);
    if (choice < 55) return 1 + below(4);
    if (choice < 90 || resource != Resource::children) return 2 + below(16);
    return choice < 97 ? 100 + below(200) : 1001 + below(300);
}

ImportFile ImportRows::next() {
    ImportFile file{.resource = imported[below(imported.size())],
                    .on_conflict = static_cast<OnConflict>(below(4) % 3),
                    .is_all = below(3) == 0,
                    .is_trial = below(12) == 0};
    if (below(2) == 0) file.on_conflict = OnConflict::update;
    RecordNumber parent = no_record;
    if (has_parent(file.resource)) {
        parent = hot_.at(Resource::parents, below(short_lived_slots));
        if (parent == no_record) return file;
    }
    if (file.resource == Resource::employees && below(2) == 0) {
        add_employees(file);
    } else {
        const unsigned size = some_size(file.resource);
        if (size > 1000) file.on_conflict = OnConflict::update;
        if (file.on_conflict == OnConflict::update) add_changes(file);
        const bool has_key = file.resource != Resource::employees || !file.rows.empty();
        if (!has_key) file.on_conflict = OnConflict::fail;
        const bool repeats = file.on_conflict != OnConflict::fail || below(6) == 0;
        while (file.rows.size() < size) {
            add_new(file, parent);
            const bool has_id = file.resource != Resource::employees;
            if (repeats && has_id && below(10) == 0) repeat_last(file);
        }
    }
    // An empty cell would clear the link of a friend.
    const bool has_columns =
        !is_document(file.resource) &&
        (file.resource != Resource::friends || file.on_conflict != OnConflict::update);
    file.is_csv = has_columns && below(2) == 0;
    if (!file.is_all) return file;
    const auto together = recorder_.next_together();
    for (auto& row : file.rows) row.write.together = together;
    return file;
}

void ImportRows::add_changes(ImportFile& file) {
    const auto resource = file.resource;
    // What changes a document can also make one.
    if (is_document(resource)) return;
    for (std::size_t slot = 0; slot < HotRecords::slots; ++slot) {
        const RecordNumber record = hot_.at(resource, slot);
        const bool is_there = std::ranges::any_of(
            file.rows, [&](const ImportedRow& row) { return row.write.record == record; });
        if (record == no_record || is_there || below(2) == 0) continue;
        const bool claims = resource == Resource::employees && below(2) == 0;
        const Value value =
            recorder_.next_value(claims ? hot_.some_employee_id(random_) : 0, below(2) == 0);
        auto row = row_of(resource, Action::update, record, value);
        row.fate = Fate::changed;
        row.members = members_of(resource, value);
        row.members.emplace_back("id", id_member(resource, records_.id_of(record)));
        file.rows.push_back(std::move(row));
    }
}

void ImportRows::add_new(ImportFile& file, RecordNumber parent) {
    const auto resource = file.resource;
    const bool is_employee = resource == Resource::employees;
    const bool claims = is_employee && below(3) == 0;
    const Value value = recorder_.next_value(claims ? hot_.some_employee_id(random_) : 0,
                                             is_employee && below(2) == 0);
    auto row = row_of(resource, Action::create, no_record, value);
    row.members = new_members_of(resource, value,
                                 parent == no_record ? std::string() : records_.id_of(parent));
    row.write.parent = parent;
    if (!is_employee) {
        const auto id = some_uuid(random_);
        row.write.record = records_.number_of(resource, id);
        row.members.emplace_back("id", id_member(resource, id));
    }
    file.rows.push_back(std::move(row));
}

/// The same record once more. A change of it makes no record anew, if it was removed meanwhile.
void ImportRows::repeat_last(ImportFile& file) {
    const auto& last = file.rows.back();
    const bool changes = file.on_conflict == OnConflict::update;
    const Value value = recorder_.next_value();
    auto row = row_of(file.resource, Action::update, last.write.record, value);
    row.members = members_of(file.resource, value);
    if (!changes) {
        row.members = last.members;
        for (const auto& member : members_of(file.resource, value)) {
            std::ranges::find(row.members, member.first, &Member::first)->second = member.second;
        }
    } else {
        row.members.push_back(last.members.back());
    }
    row.fate = changes ? Fate::changed
                       : (file.on_conflict == OnConflict::skip ? Fate::skipped : Fate::refused);
    file.rows.push_back(std::move(row));
}

/// Known by their employee IDs: those that clients claim now, or a row of others. Nobody can tell
/// beforehand which record a row changes, or whether it makes one.
void ImportRows::add_employees(ImportFile& file) {
    file.is_by_employee_id = true;
    if (file.on_conflict == OnConflict::fail) file.on_conflict = OnConflict::update;
    std::vector<unsigned> ids;
    if (below(4) == 0) {
        for (unsigned left = 1 + below(30); left > 0; --left) {
            ids.push_back(first_own_employee_id + next_employee_id_++ % own_employee_ids);
        }
    } else {
        for (unsigned left = 1 + below(3); left > 0; --left) {
            ids.push_back(hot_.some_employee_id(random_));
        }
    }
    std::ranges::sort(ids);
    const auto twice = std::ranges::unique(ids);
    ids.erase(twice.begin(), twice.end());
    for (const unsigned id : ids) {
        const Value value = recorder_.next_value(id, below(2) == 0);
        auto row = row_of(file.resource, Action::create, no_record, value);
        row.members = new_members_of(file.resource, value);
        row.fate = Fate::known;
        file.rows.push_back(std::move(row));
    }
}

}  // namespace larder::coherence
