#pragma once

namespace larder {

/// Build switches (-DLARDER_MUTANT=…) that leave out one protective step of the cache protocol
/// each. They exist for tests/coherence, which must notice every one but
/// `old_tags_of_snapshot`, whose window integration.tags holds open; a release is `none`.
enum class Mutant {
    none,
    no_settled_check,
    no_lease,
    fence_after_commit,
    trust_after_commit,
    decide_before_change,
    lost_connection_unnoticed,
    idle_reconnect_unchecked,
    no_lock_check,
    swap_after_commit,
    late_generation,
    cascade_unfenced,
    cascade_lists_not_swapped,
    parent_not_locked,
    tags_not_locked,
    tags_swapped_before_lock,
    old_tags_not_swapped,
    old_tags_of_snapshot,
    access_link_unread,
    access_lock_unchecked,
    access_not_locked,
    access_swap_after_commit,
    key_in_its_own_transaction,
    import_lists_not_swapped,
    import_lists_swapped_early,
    import_lists_not_locked,
    import_changes_unfenced,
    import_fence_after_commit,
    import_all_in_batches,
    import_cut_off_taken,
};

#ifndef LARDER_MUTANT
#define LARDER_MUTANT none
#endif

inline constexpr Mutant mutant = Mutant::LARDER_MUTANT;

}  // namespace larder
