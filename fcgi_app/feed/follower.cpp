#include "feed/follower.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace larder {

namespace {

constexpr std::string_view mark_prefix = "larder";

template <class... Handlers>
struct Overloaded : Handlers... {
    using Handlers::operator()...;
};

}  // namespace

void Follower::take(const pgoutput::Event& event, std::uint64_t trusted) {
    std::visit(Overloaded{
                   [&](const pgoutput::Begin& what) { begin(what); },
                   [&](const pgoutput::Commit& what) { commit(what, trusted); },
                   [&](const pgoutput::Relation& what) {
                       if (what.schema == "larder" && what.name == "tokens") tokens_ = what.id;
                       if (const Resource* changed = tables_.describe(what)) renew(*changed);
                   },
                   [&](const pgoutput::Insert& what) {
                       note_tokens(what.relation);
                       if (is_imported(what.relation)) return;
                       add(tables_.affected_by(what));
                   },
                   [&](const pgoutput::Update& what) {
                       note_tokens(what.relation);
                       add(tables_.affected_by(what));
                   },
                   [&](const pgoutput::Delete& what) {
                       note_tokens(what.relation);
                       add(tables_.affected_by(what));
                   },
                   [&](const pgoutput::Truncate& what) { take_truncate(what); },
                   [&](const pgoutput::Message& what) { take_message(what); },
                   [](const pgoutput::Origin&) {},
                   [](const pgoutput::Type&) {},
               },
               event);
}

void Follower::begin(const pgoutput::Begin& begin) {
    is_in_transaction_ = true;
    commit_time_ = begin.commit_time;
    held_.clear();
    mark_.reset();
    imported_ = nullptr;
    is_foreign_ = false;
    key_count_ = 0;
    transaction_ = begin.xid;
    released_.clear();
}

void Follower::commit(const pgoutput::Commit& commit, std::uint64_t trusted) {
    is_in_transaction_ = false;
    end_ = commit.end_lsn;
    const bool is_vouched_for = mark_ && mark_->rows == held_.size() && mark_->form == form_;
    if (is_vouched_for && mark_->host == host_) return;
    if (imported_ != nullptr && !is_vouched_for) {
        note_transaction();
        renew_imported();
    }
    if (!is_vouched_for && !held_.empty()) note_transaction();
    // Redis is shared, so a fence that it has acknowledged in this epoch was one for all hosts.
    if (is_vouched_for && mark_->epoch != 0 && mark_->epoch == trusted) {
        for (Affected& row : held_) row.keys.clear(), row.is_unknown = false;
    }
    release_held();
}

void Follower::add(Affected affected) {
    if (affected.resource == nullptr) return;
    held_.push_back(std::move(affected));
    is_foreign_ = is_foreign_ || held_.size() > Mark::most_rows;
    if (!is_foreign_) return;
    note_transaction();
    release_held();
}

void Follower::release_held() {
    for (Affected& row : held_) release(std::move(row));
    held_.clear();
}

void Follower::release(Affected affected) {
    release_lists(*affected.resource, affected.lists);
    if (key_count_ > key_limit_) return;  // it has its new epoch already
    key_count_ = affected.is_unknown ? key_limit_ + 1 : key_count_ + affected.keys.size();
    if (key_count_ > key_limit_) {
        pending_.everything = true;
        pending_.keys.clear();
    } else {
        std::ranges::move(affected.keys, std::back_inserter(pending_.keys));
    }
}

void Follower::release_lists(const Resource& resource, const OutdatedLists& lists) {
    const auto [known, is_first] = released_.try_emplace(resource.name);
    OutdatedLists all = known->second;
    all.add(lists);
    if (!is_first && all == known->second) return;
    known->second = std::move(all);
    pending_.lists[resource.name].add(lists);
}

void Follower::renew(const Resource& resource) {
    pending_.everything = true;
    pending_.lists[resource.name].add_all();
    note_transaction();
}

void Follower::note_transaction() {
    auto& noted = pending_.transactions;
    if (noted.empty() || noted.back() != transaction_) noted.push_back(transaction_);
}

void Follower::take_truncate(const pgoutput::Truncate& truncate) {
    for (const auto relation : truncate.relations) {
        note_tokens(relation);
        if (const Resource* resource = tables_.resource_of(relation)) renew(*resource);
    }
}

/// What the command of a host has written has swapped the link there, and not on other hosts. A
/// swap more is harmless.
void Follower::note_tokens(std::uint32_t relation) {
    if (relation != tokens_) return;
    pending_.access = true;
    note_transaction();
}

void Follower::take_message(const pgoutput::Message& message) {
    if (message.is_transactional && message.prefix == mark_prefix) {
        mark_ = parse_mark(message.content);
    }
    if (message.is_transactional && message.prefix == ImportMark::prefix) {
        if (const auto import = parse_import_mark(message.content)) take_import(*import);
    }
}

/// Of other descriptions nobody knows here what they make wrong.
void Follower::take_import(const ImportMark& mark) {
    if (mark.form != form_) return;
    imported_ = tables_.resource_named(mark.collection);
    if (mark.host != host_) renew_imported();
}

void Follower::renew_imported() {
    if (imported_ == nullptr) return;
    OutdatedLists all;
    all.add_all();
    release_lists(*imported_, all);
}

bool Follower::is_imported(std::uint32_t relation) const {
    return imported_ != nullptr && tables_.resource_of(relation) == imported_;
}

}  // namespace larder
