#include "query/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <ranges>
#include <set>
#include <tuple>
#include <utility>

#include "catalog/mistakes.hpp"
#include "http/parameters.hpp"
#include "number.hpp"
#include "query/cursor.hpp"
#include "query/operators.hpp"
#include "query/order.hpp"
#include "query/text.hpp"
#include "query/value.hpp"

namespace larder::query {

namespace {

std::string_view suffix_of(std::string_view name) {
    return name.substr(std::min(name.find('.'), name.size()));
}

class Parser {
public:
    Parser(const Resource& resource, const List& list, Form form)
        : resource_(resource), list_(list), query_(bare(resource, list, form)) {}

    std::expected<Query, std::vector<FieldError>> parse(std::string_view text) {
        for (const http::Parameter& one : http::parameters_of(text, errors_)) take(one);
        if (text.contains("&&") || text.starts_with('&') || text.ends_with('&')) spelt_otherwise();
        if (!errors_.empty()) return std::unexpected(std::move(errors_));
        std::ranges::sort(query_.filters, {}, [this](const Filter& filter) {
            return std::tuple(filter.field == nullptr ? -1 : filter.field - resource_.fields.data(),
                              filter.comparison);
        });
        take_position();
        if (!errors_.empty()) return std::unexpected(std::move(errors_));
        name(query_, has_limit_, after_);
        return std::move(query_);
    }

private:
    using Parameter = http::Parameter;
    using Taker = std::string (Parser::*)(const std::string& value);

    void refuse(const std::string& name, std::string why) {
        if (errors_.size() == http::most_errors || !refused_.insert(name).second) return;
        errors_.push_back(http::refused_parameter(name, std::move(why)));
    }
    void spelt_otherwise() { query_.is_kept = false; }

    void refuse_unknown(const std::string& name) {
        const auto names = parameter_names(resource_, list_);
        refuse(name, http::unknown_parameter(
                         name, std::vector<std::string_view>(names.begin(), names.end())));
    }

    void take(const Parameter& one) {
        if (!one.is_plain) spelt_otherwise();
        if (const Taker taker = taker_of(one.name)) {
            if (!seen_.insert(one.name).second) {
                return refuse(one.name, std::string(http::comes_twice));
            }
            if (!one.is_text) return refuse(one.name, std::string(http::value_is_no_text));
            if (auto why = (this->*taker)(one.value); !why.empty())
                refuse(one.name, std::move(why));
            return;
        }
        if (is_open(list_)) return take_filter(one);
        refuse_unknown(one.name);
    }

    Taker taker_of(std::string_view name) const {
        if (name == "limit") return &Parser::take_limit;
        if (name == "after") return &Parser::take_cursor;
        if (name == "fields") return &Parser::take_members;
        if (name == "count") return &Parser::take_count;
        if (!is_open(list_)) return nullptr;
        if (name == "sort") return &Parser::take_order;
        if (name == "q" && has_search(resource_)) return &Parser::take_words;
        return nullptr;
    }

    // Without a value it stands for none, as it always has.
    std::string take_limit(const std::string& value) {
        if (value.empty()) {
            spelt_otherwise();
            return {};
        }
        const auto limit = to_number<int>(value);
        const int most = resource_.page.most;
        if (!limit || *limit < 1 || *limit > most) {
            return fmt::format("must be a number from 1 to {}", most);
        }
        query_.limit = *limit;
        has_limit_ = true;
        if (std::to_string(*limit) != value) spelt_otherwise();
        return {};
    }

    // What it means depends on the other parameters.
    std::string take_cursor(const std::string& value) {
        after_ = value;
        has_cursor_ = true;
        return {};
    }

    std::string take_count(const std::string& value) {
        if (value != "exact") return "must be exact";
        query_.is_counted = true;
        return {};
    }

    std::string take_order(const std::string& value) {
        auto order = parse_order(resource_, value);
        if (!order) return order.error();
        query_.order = std::move(*order);
        query_.is_sorted = true;
        // The id at the end may be left out, so there is a second spelling.
        if (query_.order.size() > 1 && (value.ends_with(",id"))) spelt_otherwise();
        return {};
    }

    std::string take_words(const std::string& value) {
        if (value.empty()) return "must have a word";
        if (auto why = unusable_text(value); !why.empty()) return why;
        query_.words = value;
        return {};
    }

    std::string take_members(const std::string& value) {
        if (value.empty()) return unknown_member(value);
        std::vector<std::string> members;
        for (const auto word : std::views::split(value, ',')) {
            std::string name(word.begin(), word.end());
            if (auto why = unknown_member(name); !why.empty()) return why;
            if (std::ranges::find(members, name) != members.end()) {
                return fmt::format("has {} twice", shown(name));
            }
            members.push_back(std::move(name));
            if (members.size() > most_members) {
                return fmt::format("must have at most {} names", most_members);
            }
        }
        query_.members = std::move(members);
        return {};
    }

    std::string unknown_member(std::string_view name) const {
        if (name.empty()) return "must name members, with commas between them";
        if (resource_.is_document()) return unusable_text(name);
        if (name == "id" || resource_.find_field(name) != nullptr) return {};
        std::vector<std::string_view> names = {"id"};
        for (const Field& field : resource_.fields) names.emplace_back(field.name);
        const auto meant = nearest(name, names);
        if (!meant.empty()) {
            return fmt::format("has {}, which is no member; did you mean {}?", shown(name),
                               shown(meant));
        }
        return fmt::format("has {}, which is no member", shown(name));
    }

    void take_filter(const Parameter& one) {
        const std::string_view suffix = suffix_of(one.name);
        const std::string_view subject =
            std::string_view(one.name).substr(0, one.name.size() - suffix.size());
        const Field* field = resource_.find_field(subject);
        const auto known = std::ranges::find(operators(), suffix, &Operator::suffix);
        if ((field == nullptr && subject != "id") || known == operators().end()) {
            return refuse_unknown(one.name);
        }
        if (field != nullptr && !field->filter) {
            return refuse(one.name, fmt::format("is no filter; the description of {} would need"
                                                " filter = true",
                                                shown(subject)));
        }
        const Comparison comparison = known->comparison;
        if (const auto why = misfit(field, comparison); !why.empty()) {
            return refuse(one.name, std::string(why));
        }
        if (!one.is_text) return refuse(one.name, std::string(http::value_is_no_text));
        auto value = filter_value(resource_, field, comparison, one.value);
        if (!value) return refuse(one.name, std::move(value.error()));
        if (*value != one.value) spelt_otherwise();
        if (auto why = add(field, comparison, std::move(*value)); !why.empty()) {
            refuse(one.name, std::move(why));
        }
    }

    std::string add(const Field* field, Comparison comparison, std::string value) {
        const auto there = std::ranges::find_if(query_.filters, [&](const Filter& filter) {
            return filter.field == field && filter.comparison == comparison;
        });
        if (there == query_.filters.end()) {
            if (query_.filters.size() == most_filters) {
                return fmt::format("is one filter more than the {} that there may be",
                                   most_filters);
            }
            query_.filters.push_back(
                {.field = field, .comparison = comparison, .values = {std::move(value)}});
            return {};
        }
        if (comparison != Comparison::equal) return std::string(http::comes_twice);
        if (std::ranges::find(there->values, value) != there->values.end()) {
            spelt_otherwise();
            return {};
        }
        if (there->values.size() == most_values) {
            return fmt::format("has more than {} values", most_values);
        }
        there->values.push_back(std::move(value));
        return {};
    }

    void take_position() {
        if (!has_cursor_) return;
        query_.after =
            position_of(after_, binding_of(resource_, list_, query_), query_.order.size());
        if (!query_.after) {
            refuse("after",
                   "is not what the link of such a page has; take it from there as it is, and"
                   " leave filters and order as they are");
        }
    }

    const Resource& resource_;
    const List& list_;
    Query query_;
    bool has_limit_ = false;
    bool has_cursor_ = false;
    std::string after_;
    std::set<std::string, std::less<>> seen_;
    std::set<std::string, std::less<>> refused_;
    std::vector<FieldError> errors_;
};

}  // namespace

Query bare(const Resource& resource, const List& list, Form form) {
    return {.form = form,
            .order = order_of(resource, list),
            .limit = form == Form::json ? resource.page.usual : 0};
}

std::expected<Query, std::vector<FieldError>> parse(const Resource& resource, const List& list,
                                                    std::string_view text, Form form) {
    return Parser(resource, list, form).parse(text);
}

}  // namespace larder::query
