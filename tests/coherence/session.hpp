#pragma once

#include <expected>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "../support/http.hpp"
#include "../support/json.hpp"
#include "recorder.hpp"

namespace larder::coherence {

/// A list that a client asks for.
struct ListPath {
    Resource resource;
    std::string path;
    ListKind kind;
    std::size_t limit = 0;  ///< as in the path; a list of so many records may have been cut off
    Value value = {};       ///< of a list by employee ID: one with it
};

/// Does operations over HTTP, one at a time, and records each. For one thread.
class Session {
public:
    /// All that is handed in must outlive the session. `admin`: a token that may clear the caches.
    Session(const test::Client& client, RecordTable& records, Recorder& recorder,
            std::string admin);

    /// The number of the new record, or the HTTP status if the answer does not tell it. `parent`:
    /// to which it refers, if its resource has one.
    std::expected<RecordNumber, int> create(Resource resource, Value value,
                                            RecordNumber parent = no_record);
    /// What became of an operation on one record: the HTTP status; 0 if no answer came.
    int update(Resource resource, RecordNumber record, Value value);
    /// On the condition that the record is as it was when this session read it last.
    int update_if_unchanged(Resource resource, RecordNumber record, Value value);
    int remove(Resource resource, RecordNumber record);
    int read(Resource resource, RecordNumber record);
    /// With the ETag that this session saw last; 304 counts as a read of its value.
    int read_if_changed(Resource resource, RecordNumber record);
    int head(Resource resource, RecordNumber record);
    int clear_caches();

    /// The records of the run that the list shows; nothing if there was no proper answer.
    std::optional<std::vector<ListEntry>> list(const ListPath& list);

private:
    struct Seen {
        Value value;
        std::string etag;
        bool has_parent = false;
    };

    int update(Resource resource, RecordNumber record, Value value, const Seen* condition);
    int read(Resource resource, RecordNumber record, const Seen* condition);
    /// Fills in what every answer has, and says what is wrong with it, if anything.
    std::string take(Operation& operation, const test::Response& response);
    /// The same, with the record that is the answer's body.
    std::string take_record(Operation& operation, const test::Response& response);
    /// What an answer with a record says of its link to a parent, if it has one that can be
    /// cleared.
    void imply_link(Resource resource, const std::string& id, bool has_parent);
    void finish(Operation operation, std::string anomaly);
    std::string take_list(Operation& operation, const ListPath& list,
                          const test::Response& response);

    const test::Client& client_;
    RecordTable& records_;
    Recorder& recorder_;
    Recorder::Log& log_;
    const std::string admin_;
    std::unordered_map<RecordNumber, Seen> seen_;
    std::vector<Operation> implied_;  // by the answer at hand
    unsigned creations_ = 0;          // some of them in an array
};

}  // namespace larder::coherence
