#include "catalog/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/field_value.hpp"

namespace larder {

namespace {

class References {
public:
    References(std::span<Described> all, std::span<const std::string> unread)
        : all_(all), unread_(unread) {}

    std::vector<Mistake> resolve() {
        for (Described& one : all_) {
            for (const ReferencePlaces& places : one.description.references) lead(one, places);
        }
        find_circles();
        if (mistakes_.empty()) find_refusals();
        return std::move(mistakes_);
    }

private:
    Resource* find(std::string_view name) {
        const auto found = std::ranges::find_if(
            all_, [&](const Described& one) { return one.description.resource.name == name; });
        return found == all_.end() ? nullptr : &found->description.resource;
    }

    /// Leads one reference to its resource.
    void lead(Described& from, const ReferencePlaces& places) {
        Resource& resource = from.description.resource;
        Field& field = *std::ranges::find(resource.fields, places.field, &Field::name);
        auto& reference = std::get<Reference>(field.type);
        Resource* to = find(reference.to);
        if (to == nullptr) {
            if (std::ranges::find(unread_, reference.to) != unread_.end()) return;
            return add(from, places.to,
                       fmt::format("{} refers to {}, which no file describes; {}",
                                   shown(places.field), shown(reference.to), advice(reference.to)));
        }
        reference.id = to->id;
        reference.title = to->title;
        to->referrers.push_back({resource.name, field.name, reference.on_delete});
        if (!field.example.empty()) {
            if (const auto value = fit(from, field, "example", places.example, field.example)) {
                field.example = value->json;
            }
        }
        if (field.fallback) {
            field.fallback = fit(from, field, "default", places.fallback, field.fallback->json);
        }
    }

    std::string advice(std::string_view missing) {
        std::vector<std::string_view> names;
        for (const Described& one : all_) names.push_back(one.description.resource.name);
        const auto meant = nearest(missing, names);
        if (!meant.empty()) return fmt::format("did you mean {}?", shown(meant));
        return "write the name of a resource, or add its file";
    }

    std::optional<Default> fit(const Described& from, const Field& field, std::string_view key,
                               Position at, const std::string& json) {
        auto value = fitting_value(field.type, json);
        if (value) return std::move(*value);
        add(from, at,
            fmt::format("`{}` {}, as an id of {} is", key, value.error(),
                        shown(field.reference()->to)));
        return std::nullopt;
    }

    void add(const Described& from, Position at, std::string text) {
        mistakes_.push_back({from.file, at, std::move(text)});
    }

    // A removal would have no end, or no order in which it could be made. Each circle is told once:
    // at the field that closes it, on the way along the order of the files.
    void find_circles() {
        std::vector<std::string_view> done;
        for (const Described& one : all_) follow(one, done);
    }

    void follow(const Described& from, std::vector<std::string_view>& done) {
        const Resource& resource = from.description.resource;
        if (std::ranges::find(done, resource.name) != done.end()) return;
        path_.push_back({.resource = resource.name, .field = {}});
        for (const ReferencePlaces& places : from.description.references) {
            const Field& field = *resource.find_field(places.field);
            const Reference& reference = *field.reference();
            if (reference.on_delete != OnDelete::cascade) continue;
            path_.back().field = field.name;
            const auto start = std::ranges::find(path_, reference.to, &Step::resource);
            if (start != path_.end()) {
                refuse_circle(from, places.on_delete, {start, path_.end()});
                continue;
            }
            const auto next = std::ranges::find_if(all_, [&](const Described& one) {
                return one.description.resource.name == reference.to;
            });
            if (next != all_.end()) follow(*next, done);
        }
        path_.pop_back();
        done.push_back(resource.name);
    }

    /// A field on the way of `cascade` from a resource to what it refers to.
    struct Step {
        std::string_view resource;
        std::string_view field;
    };

    void refuse_circle(const Described& from, Position at, std::span<const Step> circle) {
        std::string way;
        for (const Step& step : circle) way += fmt::format("{}.{} → ", step.resource, step.field);
        add(from, at,
            fmt::format(
                "`cascade` goes round in a circle, {}{}; write `restrict` or `clear` for one"
                " of these fields",
                way, circle.front().resource));
    }

    // Along the cascades, which have no circles: from each resource with a restricting referrer to
    // all whose removal reaches it.
    void find_refusals() {
        for (Described& one : all_) {
            const auto& referrers = one.description.resource.referrers;
            const bool is_restricted = std::ranges::any_of(referrers, [](const Referrer& referrer) {
                return referrer.on_delete == OnDelete::restrict;
            });
            if (is_restricted) mark_refusable(one.description.resource);
        }
    }

    void mark_refusable(Resource& resource) {
        if (std::exchange(resource.removal_may_be_refused, true)) return;
        for (const Field& field : resource.fields) {
            const Reference* reference = field.reference();
            if (reference != nullptr && reference->on_delete == OnDelete::cascade) {
                mark_refusable(*find(reference->to));
            }
        }
    }

    std::span<Described> all_;
    std::span<const std::string> unread_;
    std::vector<Mistake> mistakes_;
    std::vector<Step> path_;
};

}  // namespace

std::vector<Mistake> resolve_references(std::span<Described> all,
                                        std::span<const std::string> unread) {
    return References(all, unread).resolve();
}

}  // namespace larder
