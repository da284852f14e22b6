#include "importers.hpp"

#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <ostream>
#include <random>
#include <utility>

#include "../support/http.hpp"
#include "../support/json.hpp"
#include "../support/raw_socket.hpp"
#include "import_rows.hpp"
#include "session.hpp"

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 12s;
/// More than that are waited for, so that lists stay short.
constexpr std::size_t most_doomed = 150;
/// The records of so many imports of a client are not removed yet.
constexpr std::size_t imports_that_stay = 5;
/// Children of more go with their parent.
constexpr std::size_t most_removed = 60;

}  // namespace

class Importers::Client {
public:
    Client(const std::string& base_url, RecordTable& records, Recorder& recorder, HotRecords& hot,
           std::uint64_t seed, Counts& counts)
        : http_(base_url, {.timeout = patience, .keep_connection_for_writes = false}),
          address_(test::Address::of_url(base_url)),
          records_(records),
          hot_(hot),
          log_(recorder.new_log()),
          session_(http_, records, recorder, {}),
          random_(seed),
          rows_(records, recorder, hot, random_),
          counts_(counts) {}

    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(below(100)));
            if (hot_.count_doomed() > most_doomed) continue;
            auto file = rows_.next();
            if (!file.rows.empty()) import(std::move(file));
        }
    }

private:
    unsigned below(std::size_t bound) {
        return std::uniform_int_distribution<unsigned>(0,
                                                       static_cast<unsigned>(bound - 1))(random_);
    }

    void import(ImportFile file) {
        std::vector<Operation> writes;
        for (const auto& row : file.rows) writes.push_back(row.write);
        log_.begin(writes);
        const unsigned choice = below(20);
        std::string anomaly;
        if (choice < 3) {
            const std::size_t sent = cut_off(file);
            take_cut(file, sent);
            ++counts_.cut_off;
        } else {
            const auto response = choice < 7 ? send_slowly(file) : send(file);
            anomaly = take_answer(file, response);
            if (response.status == 0 || response.status >= 500) ++counts_.unanswered;
        }
        finish(file, std::move(anomaly));
        count(file);
        look_at(file);
        settle(file);
    }

    /// What the import has done has to show at once, until the next write of its records.
    void look_at(const ImportFile& file) {
        session_.list({.resource = file.resource,
                       .path = "/" + std::string(name_of(file.resource)),
                       .kind = ListKind::all});
        const auto& write = file.rows[below(file.rows.size())].write;
        if (write.record != no_record) session_.read(write.resource, write.record);
        const unsigned id = write.value.employee_id();
        if (id == 0) return;
        session_.list({.resource = Resource::employees,
                       .path = "/employees?employee_id=" + employee_id_text(id),
                       .kind = ListKind::employee_id,
                       .value = Value::make(1, id)});
    }

    void finish(const ImportFile& file, std::string anomaly) {
        std::vector<Operation> writes;
        std::vector<Operation> implied;
        for (const auto& row : file.rows) {
            const auto& write = row.write;
            writes.push_back(write);
            if (row.lacks_parent) {
                Operation gone;
                gone.action = Action::read;
                gone.resource = Resource::parents;
                gone.record = write.parent;
                gone.status = 404;
                gone.outcome = Outcome::refused;
                implied.push_back(gone);
            }
            if (write.resource != Resource::friends || write.action != Action::create) continue;
            Operation link = write;
            link.resource = Resource::links;
            link.record = records_.number_of(Resource::links, records_.id_of(write.record));
            link.value = linked;
            link.together = 0;
            if (link.outcome != Outcome::refused) implied.push_back(std::move(link));
        }
        log_.finish(std::move(writes), std::move(implied), std::move(anomaly));
    }

    static std::string text_of(const std::vector<std::string>& lines) {
        std::string text;
        for (const auto& line : lines) text += line;
        return text;
    }

    [[nodiscard]] test::Response send(const ImportFile& file) const {
        return http_.post(file.path(), text_of(file.lines()), {file.content_type()});
    }

    static std::string head_of(const ImportFile& file, std::size_t length) {
        return fmt::format(
            "POST {} HTTP/1.1\r\nHost: localhost\r\n{}\r\nContent-Length: {}\r\n"
            "Connection: close\r\n\r\n",
            file.path(), file.content_type(), length);
    }

    test::Response send_slowly(const ImportFile& file) {
        const auto body = text_of(file.lines());
        const std::size_t first = below(body.size());
        test::RawSocket socket(address_);
        socket.send(head_of(file, body.size()) + body.substr(0, first));
        std::this_thread::sleep_for(std::chrono::milliseconds(below(300)));
        socket.send(body.substr(first));
        auto response = test::parse_response(socket.receive_all(patience));
        // It may have been cut off anywhere.
        if (!test::Json::parse(response.body).is(test::Json::Kind::object)) return {};
        return response;
    }

    /// Hangs up in a row, or between two, or behind the last one, while more is to come. Gives how
    /// many rows were sent whole.
    std::size_t cut_off(const ImportFile& file) {
        auto lines = file.lines();
        const std::size_t length = text_of(lines).size() + 1;
        const std::size_t whole = below(lines.size() + 1);
        std::string part;
        if (whole < lines.size() && below(3) == 0) {
            part = lines[whole].substr(0, below(lines[whole].size()));
        }
        lines.resize(whole);
        test::RawSocket socket(address_);
        socket.send(head_of(file, length) + text_of(lines) + part);
        std::this_thread::sleep_for(std::chrono::milliseconds(below(100)));
        const std::size_t header = file.is_csv ? 1 : 0;
        return whole < header ? 0 : whole - header;
    }

    void count(const ImportFile& file) {
        ++counts_.imports;
        if (file.is_all) ++counts_.all_or_none;
        counts_.rows += file.rows.size();
        for (const auto& row : file.rows) {
            if (row.write.outcome == Outcome::ok) ++counts_.done;
        }
    }

    /// The first of the new records may become one that all work on; the others have to go. Not at
    /// once, for their removal renews the lists that the import should have renewed.
    void settle(const ImportFile& file) {
        const bool goes_with_parent =
            file.resource == Resource::children && file.rows.size() > most_removed;
        bool may_be_hot = below(3) == 0;
        leaving_.emplace_back();
        for (const auto& row : file.rows) {
            const auto& write = row.write;
            const bool may_be_new = row.fate == Fate::created || row.fate == Fate::known;
            if (!may_be_new || write.outcome == Outcome::refused) continue;
            if (write.record == no_record || write.outcome == Outcome::unknown) {
                hot_.expect_orphan(write.value);
            } else if (std::exchange(may_be_hot, false)) {
                hot_.replace(write.resource, below(HotRecords::slots), write.record);
            } else if (!goes_with_parent) {
                leaving_.back().push_back({write.resource, write.record});
            }
        }
        if (leaving_.size() <= imports_that_stay) return;
        for (const auto& [resource, record] : leaving_.front()) hot_.doom(resource, record);
        leaving_.pop_front();
    }

    test::Client http_;
    test::Address address_;
    RecordTable& records_;
    HotRecords& hot_;
    Recorder::Log& log_;
    Session session_;
    std::mt19937_64 random_;
    ImportRows rows_;
    Counts& counts_;
    std::deque<std::vector<HotRecords::Doomed>> leaving_;  // by import
};

Importers::Importers(std::string base_url, RecordTable& records, Recorder& recorder,
                     HotRecords& hot, ImporterOptions options) {
    for (unsigned thread = 0; thread < options.threads; ++thread) {
        const auto seed = options.seed * 1000 + 500 + thread;
        threads_.emplace_back([=, this, &records, &recorder, &hot](const std::stop_token& stop) {
            Client(base_url, records, recorder, hot, seed, counts_).run(stop);
        });
    }
}

void Importers::stop() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
}

void Importers::report(std::ostream& out) const {
    out << fmt::format(
        "imports: {} ({} of all or none, {} cut off, {} without an answer), {} rows, {} of them"
        " acknowledged\n",
        counts_.imports.load(), counts_.all_or_none.load(), counts_.cut_off.load(),
        counts_.unanswered.load(), counts_.rows.load(), counts_.done.load());
}

}  // namespace larder::coherence
