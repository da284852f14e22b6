#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder {

/// The form in which a worker makes the cached values of a resource. While a description changes,
/// workers of two forms share Redis: each fences the entries of both, because their keys are the
/// same, but reads only values of its own form. Immutable; any thread.
class CachedForm {
public:
    /// `shape`: what the values depend on, such as the SQL that makes them.
    explicit CachedForm(std::string_view shape);

    /// A value as it is stored: the hash of the form goes first. An empty one, which is none,
    /// stays empty.
    std::string stored(std::string_view value) const;

    /// Of a stored value what was stored; nothing where it is of another form.
    std::optional<std::string> value(std::optional<std::string> stored) const;

    const std::string& hash() const { return hash_; }

private:
    std::string hash_;
};

}  // namespace larder
