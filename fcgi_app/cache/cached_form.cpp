#include "cache/cached_form.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace larder {

CachedForm::CachedForm(std::string_view shape)
    : hash_(fmt::format("{:016x}", XXH3_64bits(shape.data(), shape.size()))) {}

std::string CachedForm::stored(std::string_view value) const {
    return value.empty() ? std::string() : hash_ + std::string(value);
}

std::optional<std::string> CachedForm::value(std::optional<std::string> stored) const {
    if (!stored || !stored->starts_with(hash_)) return std::nullopt;
    stored->erase(0, hash_.size());
    return stored;
}

}  // namespace larder
