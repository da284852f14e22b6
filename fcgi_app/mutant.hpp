#pragma once

#ifdef LARDER_MUTANT_FROM_ENVIRONMENT
#include <cstddef>
#include <cstdlib>
#include <string_view>
#include <utility>
#endif

namespace larder {

/// Build switches (-DLARDER_MUTANT=…) that leave out one protective step of the cache protocol
/// each. They exist for tests/coherence, which must notice every one but
/// `old_tags_of_snapshot`, whose window integration.tags holds open; a release is `none`. With
/// -DLARDER_MUTANT=from_environment, the variable LARDER_MUTANT names the step when a program
/// starts: one build does for all of them.
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
    count,  ///< none
};

#ifdef LARDER_MUTANT_FROM_ENVIRONMENT
template <Mutant one>
constexpr bool is_named(std::string_view name) {
    const std::string_view function = __PRETTY_FUNCTION__;  // […; larder::Mutant one = …::name; …]
    const auto before = function.find("Mutant::") + 8;
    return function.substr(before, function.find_first_of(";]", before) - before) == name;
}

/// Ends the program where there is no such step: a name that is misspelled must not pass for a step
/// that was left out.
inline const Mutant mutant = []<std::size_t... each>(std::index_sequence<each...>) {
    const char* value = std::getenv("LARDER_MUTANT");
    const std::string_view name = value == nullptr ? "none" : value;
    auto found = Mutant::count;
    ((is_named<static_cast<Mutant>(each)>(name) ? void(found = static_cast<Mutant>(each)) : void()),
     ...);
    if (found == Mutant::count) std::abort();
    return found;
}(std::make_index_sequence<static_cast<std::size_t>(Mutant::count)>());
#else
#ifndef LARDER_MUTANT
#define LARDER_MUTANT none
#endif

inline constexpr Mutant mutant = Mutant::LARDER_MUTANT;
#endif

}  // namespace larder
