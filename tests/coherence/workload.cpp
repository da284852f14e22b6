#include "workload.hpp"

#include <array>

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;

const std::array<ListPath, 13> list_paths = {{
    {Resource::employees, "/employees", ListKind::all},
    {Resource::employees, "/employees/high-salary", ListKind::high_salary},
    {Resource::employees, "/employees/top2-by-department", ListKind::part},
    {Resource::products, "/products", ListKind::all},
    {Resource::products, "/products?limit=50", ListKind::all, 50},
    {Resource::products, "/products?limit=2", ListKind::all, 2},
    {Resource::items, "/items", ListKind::all},
    {Resource::items, "/items?limit=100", ListKind::all, 100},
    {Resource::items, "/items", ListKind::all},
    {Resource::parents, "/parents", ListKind::all},
    {Resource::children, "/children", ListKind::all},
    {Resource::friends, "/friends", ListKind::all},
    {Resource::friends, "/friends/linked", ListKind::part},
}};

/// Of so many operations one is on each resource.
constexpr std::array operations_on = {Resource::employees, Resource::products, Resource::items,
                                      Resource::employees, Resource::products, Resource::items,
                                      Resource::parents,   Resource::children, Resource::children,
                                      Resource::friends};

/// Of so many writes one removes the record.
constexpr unsigned removals_of_parents = 3;

/// A record in slot n takes one in so many of the writes that are meant for it: some records change
/// all the time, some rest long enough for a stale value to be seen.
constexpr std::array<unsigned, HotRecords::slots> write_once_in = {1, 2, 10, 50};

/// A request that is still under way while its worker is stopped has to end late, and others have
/// to go on meanwhile.
test::ClientOptions patience_of(unsigned thread) {
    return {.timeout = thread % 2 == 0 ? std::chrono::milliseconds(1s) : 12s,
            .keep_connection_for_writes = false};
}

}  // namespace

class Workload::Client {
public:
    Client(const std::string& base_url, RecordTable& records, Recorder& recorder, HotRecords& hot,
           const WorkloadOptions& options, unsigned thread)
        : http_(base_url, patience_of(thread)),
          session_(http_, records, recorder, options.admin),
          recorder_(recorder),
          hot_(hot),
          random_(options.seed * 1000 + thread) {
        if (options.rate != 0)
            pace_ = std::chrono::nanoseconds(1s) * options.threads / options.rate;
    }

    void run(const std::stop_token& stop) {
        auto next = std::chrono::steady_clock::now();
        while (!stop.stop_requested()) {
            step();
            if (pace_ == 0ns) continue;
            next = std::max(next + pace_, std::chrono::steady_clock::now() - 1s);
            std::this_thread::sleep_until(next);
        }
    }

private:
    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_);
    }

    Value new_value(Resource resource) {
        if (resource != Resource::employees) return recorder_.next_value();
        const bool claims = below(2) == 0;
        return recorder_.next_value(claims ? hot_.some_employee_id(random_) : 0, below(2) == 0);
    }

    void step() {
        if (below(4) == 0) {
            if (const auto doomed = hot_.take_doomed()) return remove_for_good(*doomed);
        }
        if (below(2000) == 0) return wait_if_down(session_.clear_caches());
        const auto resource = operations_on[below(operations_on.size())];
        const unsigned slot = below(HotRecords::slots);
        const unsigned choice = below(100);
        if (choice < 22) return list(resource);
        const RecordNumber record = hot_.at(resource, slot);
        if (record == no_record) return create(resource, slot);
        const bool writes = choice < 60 && below(write_once_in[slot]) == 0;
        return writes ? write(resource, slot, record) : read(resource, slot, record);
    }

    void write(Resource resource, unsigned slot, RecordNumber record) {
        const unsigned choice = below(100);
        if (choice < 2) return create(resource, slot);
        const bool is_removal =
            choice < 4 || (resource == Resource::parents && below(removals_of_parents) == 0);
        if (is_removal) return remove(resource, slot, record);
        const Value value = new_value(resource);
        // The tag of a friend may have changed although its value has not.
        const bool may_be_guarded = resource != Resource::friends;
        const int status = choice < 14 && may_be_guarded
                               ? session_.update_if_unchanged(resource, record, value)
                               : session_.update(resource, record, value);
        settle(resource, slot, record, status);
    }

    void remove(Resource resource, unsigned slot, RecordNumber record) {
        const int status = session_.remove(resource, record);
        if (status / 100 == 2) return hot_.drop(resource, slot, record);
        settle(resource, slot, record, status);
    }

    void read(Resource resource, unsigned slot, RecordNumber record) {
        const unsigned choice = below(10);
        const int status = choice == 0   ? session_.head(resource, record)
                           : choice == 1 ? session_.read_if_changed(resource, record)
                                         : session_.read(resource, record);
        settle(resource, slot, record, status);
    }

    void create(Resource resource, unsigned slot) {
        RecordNumber parent = no_record;
        if (has_parent(resource)) {
            const unsigned parent_slot = below(HotRecords::slots);
            parent = hot_.at(Resource::parents, parent_slot);
            if (parent == no_record) return create(Resource::parents, parent_slot);
        }
        const Value value = new_value(resource);
        const auto record = session_.create(resource, value, parent);
        if (record) return hot_.replace(resource, slot, *record);
        if (!is_down(record.error())) return;
        hot_.expect_orphan(value);
        wait_if_down(record.error());
    }

    void list(Resource resource) {
        if (resource == Resource::employees && below(2) == 0) return list_of_employee_id();
        const ListPath* path = &list_paths[below(list_paths.size())];
        while (path->resource != resource) path = &list_paths[below(list_paths.size())];
        const auto entries = session_.list(*path);
        if (!entries) return wait_if_down(0);
        hot_.find_orphans(resource, *entries);
    }

    /// Records move between these lists with every change of their ID.
    void list_of_employee_id() {
        const unsigned id = hot_.some_employee_id(random_);
        const auto entries =
            session_.list({.resource = Resource::employees,
                           .path = "/employees?employee_id=" + employee_id_text(id),
                           .kind = ListKind::employee_id,
                           .value = Value::make(1, id)});
        if (!entries) return wait_if_down(0);
        hot_.find_orphans(Resource::employees, *entries);
    }

    void remove_for_good(const HotRecords::Doomed& doomed) {
        const int status = session_.remove(doomed.resource, doomed.record);
        if (is_down(status)) hot_.doom(doomed.resource, doomed.record);
        wait_if_down(status);
    }

    void settle(Resource resource, unsigned slot, RecordNumber record, int status) {
        if (status == 404) hot_.drop(resource, slot, record);
        wait_if_down(status);
    }

    static bool is_down(int status) { return status == 0 || status >= 500; }

    static void wait_if_down(int status) {
        if (is_down(status)) std::this_thread::sleep_for(5ms);
    }

    test::Client http_;
    Session session_;
    Recorder& recorder_;
    HotRecords& hot_;
    std::mt19937_64 random_;
    std::chrono::nanoseconds pace_{0};
};

Workload::Workload(std::string base_url, RecordTable& records, Recorder& recorder, HotRecords& hot,
                   WorkloadOptions options) {
    for (unsigned thread = 0; thread < options.threads; ++thread) {
        threads_.emplace_back([=, &records, &recorder, &hot](const std::stop_token& stop) {
            Client(base_url, records, recorder, hot, options, thread).run(stop);
        });
    }
}

void Workload::stop() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
}

}  // namespace larder::coherence
