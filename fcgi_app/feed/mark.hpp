#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder {

/// What a worker writes into its transaction (pg_logical_emit_message, prefix `larder`) for the
/// feeds: on which host it ran, in which epoch Redis has acknowledged its fence (0: it has not),
/// how many rows it has changed, and the hash of its descriptions (records/services.hpp). If the
/// transaction has more rows, the worker did not change the others. A worker of other descriptions
/// may not know all that it has made wrong.
struct Mark {
    /// That a worker changes and fences in one transaction. The removal of a record that many refer
    /// to may change more: that is left unfenced, and the feeds treat it as written past them.
    static constexpr std::size_t most_rows = 1000;

    std::string host;
    std::uint64_t epoch = 0;
    std::size_t rows = 1;
    std::string form = {};  ///< no spaces
};

/// What an import writes into its transaction before its first row (prefix `larder-import`): that
/// the rows which it adds to this collection have no entries, and that it renews all lists of the
/// collection. So a feed need not collect them, however many there are. The mark at the end does
/// not count them.
struct ImportMark {
    static constexpr std::string_view prefix = "larder-import";

    std::string host;
    std::string form;  ///< as in Mark
    std::string collection;
};

std::string to_text(const ImportMark& mark);
std::optional<ImportMark> parse_import_mark(std::string_view text);

std::string to_text(const Mark& mark);
std::optional<Mark> parse_mark(std::string_view text);

}  // namespace larder
