#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

#include "access/generation.hpp"

/// How nginx finds out whether a client may read a list, without asking a worker. In the directory
/// of a generation of access (access/generation.hpp) are:
///
/// - `<period>/<client>`, a link that leads to a directory of `roles/`. nginx has the client's
/// token
///   in the name; so only a client with this token finds it.
/// - `roles/<hash>/<collection>`, a link that leads to RUN_DIR, where the lists are
///   (cache/generations.hpp), for each collection that may be read. The hash is that of their
///   names, so what such a directory has never changes.
///
/// A list is looked for by way of all of these (scripts/lib/site.sh). Where a link is missing,
/// nginx asks a worker. A link means: this token is valid to the end of the period, and may read
/// these collections, as long as the generation is the present one.
namespace larder::access {

/// A period is the time, in seconds since the epoch, without its last two digits.
inline constexpr std::int64_t period_seconds = 100;

/// nginx's clock may be behind by as long as it works on a batch of events.
inline constexpr std::int64_t clock_margin = 2;

/// The name of a client without a token.
inline constexpr std::string_view tokenless = "anyone";

/// The name of the client with this token: the same as in nginx/access_maps.conf. It may have
/// slashes. Nothing: nginx looks for none.
std::optional<std::string> client_name(std::string_view token);

/// Makes these links. For one thread; other processes may do the same at the same time. What fails
/// is a list that nginx asks a worker for.
class Links {
public:
    /// `generations` must outlive this. A process makes at most `most` links in a period.
    explicit Links(const Generation& generations, std::size_t most = 100000)
        : generations_(generations), most_(most) {}

    /// Whether this object has made that of a client in this generation and in the period of `now`.
    bool is_made(const std::string& generation, const std::string& client, std::int64_t now) const;

    /// Makes that of a client that may read these collections, in this generation, whether it is
    /// still the present one or not. `now` and `expires` are seconds since the epoch; without
    /// `expires` the verdict rests on the generation alone.
    /// True: it was not there before, so nginx may find now what it has not found.
    bool make(const std::string& generation, const std::string& client,
              std::span<const std::string> collections, std::optional<std::int64_t> expires,
              std::int64_t now);

    /// Removes what is of other periods than the present one and its neighbours.
    static void sweep(const Generation& generations, std::int64_t now);

private:
    bool make_roles(int directory, const std::string& name,
                    std::span<const std::string> collections);

    const Generation& generations_;
    const std::size_t most_;
    std::string generation_;
    std::int64_t period_ = 0;
    std::unordered_set<std::string> made_;   // clients, in this generation and period
    std::unordered_set<std::string> roles_;  // directories, in this generation
};

}  // namespace larder::access
