#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/mistakes.hpp"
#include "catalog/toml.hpp"

namespace larder {

/// Collects the mistakes of one description.
class Mistakes {
public:
    void add(Position at, std::string text) { all_.push_back({{}, at, std::move(text)}); }
    bool empty() const { return all_.empty(); }
    std::size_t count() const { return all_.size(); }
    std::vector<Mistake> take() { return std::move(all_); }

private:
    std::vector<Mistake> all_;
};

/// Where a value or a key stands in the text.
Position position_of(const toml::source_region& region);

/// Reads one table of a description. What is not as it has to be becomes a mistake, and the reader
/// goes on. `table` and `mistakes` must outlive this.
class TableReader {
public:
    TableReader(const toml::table& table, Mistakes& mistakes)
        : table_(table), mistakes_(mistakes) {}

    /// A mistake for each key that is not `known`, with the nearest that is. `later` are keys of
    /// the format that this version cannot serve.
    void check_keys(std::span<const std::string_view> known,
                    std::span<const std::string_view> later);

    bool has(std::string_view key) const { return table_.contains(key); }
    const toml::node* find(std::string_view key) const { return table_.get(key); }

    /// The value of a key; nothing where there is none, or, with a mistake, one of another type.
    std::optional<std::string> text(std::string_view key);
    std::optional<bool> flag(std::string_view key);
    std::optional<std::int64_t> integer(std::string_view key);
    const toml::table* table(std::string_view key);
    const toml::array* array(std::string_view key);

    /// The text of a key, if it is one of `words`; else nothing, with a mistake.
    std::optional<std::string> one_of(std::string_view key,
                                      std::span<const std::string_view> words);

    /// The value of `key`, or the table where it is missing.
    Position at(std::string_view key) const;

    void refuse(std::string_view key, std::string text) { mistakes_.add(at(key), std::move(text)); }
    Mistakes& mistakes() { return mistakes_; }

private:
    /// The value of a key as a node of this type, null as above. `wanted`: what to write instead.
    template <class Node>
    const Node* node_as(std::string_view key, std::string_view wanted);

    const toml::table& table_;
    Mistakes& mistakes_;
};

/// The entries of a table in the order of the text; toml++ has them in the order of their names.
struct Entry {
    std::string name;
    Position at;  ///< of the key
    const toml::node* value;
};
std::vector<Entry> entries_in_order(const toml::table& table);

/// What a value of TOML is called: `a string`.
std::string_view type_name(const toml::node& node);

bool is_among(std::span<const std::string_view> words, std::string_view word);

/// `words` for a sentence: "`a`, `b` or `c`".
std::string alternatives(std::span<const std::string_view> words);

}  // namespace larder
