// GET of a collection, and of its further lists.

#include <fmt/format.h>

#include <limits>
#include <memory>
#include <utility>

#include "api/describe_list.hpp"
#include "api/describe_resource.hpp"
#include "api/list_answer.hpp"
#include "api/list_form.hpp"
#include "api/operations.hpp"
#include "openapi/components.hpp"
#include "openapi/schema.hpp"
#include "query/parse.hpp"

namespace larder {

namespace {

class ReadList : public Operation {
public:
    ReadList(const Resource& resource, const List& list)
        : Operation({.path = path_of(resource, list), .resource = &resource}),
          list_(list),
          bare_(std::make_shared<const query::Query>(query::bare(resource, list))) {}

    Expected<void> choose_form(const http::Request& request, Call& call) const override {
        const auto form = list_form(*endpoint().resource, request.accept);
        if (!form) return std::unexpected(form.error());
        call.query = *form == query::Form::json ? bare_
                                                : std::make_shared<const query::Query>(query::bare(
                                                      *endpoint().resource, list_, *form));
        return {};
    }

    std::vector<FieldError> take_parameters(const http::Target& target, Call& call) const override {
        if (target.query.empty()) return {};
        auto query = query::parse(*endpoint().resource, list_, target.query, call.query->form);
        if (!query) return std::move(query.error());
        call.query = std::make_shared<const query::Query>(std::move(*query));
        return {};
    }

    Lane lane(const Call&) const override { return Lane::grouped; }

    Sharing sharing(const Call& call) const override {
        // Its pace is that of its client (nginx/list_form.conf), so it goes alone.
        if (!call.request().accept.empty()) {
            return {.key = fmt::format("export {}", static_cast<const void*>(call.connection)),
                    .kind = JobKind::transfer};
        }
        return {.key = fmt::format("list {}?{}{}{}{}", endpoint().path, call.query->key,
                                   call.query->is_kept ? "" : " unkept", call.request().list_tag,
                                   call.request().for_list_cache ? "" : " uncached"),
                .largest_group = std::numeric_limits<std::size_t>::max(),
                .kind = JobKind::list};
    }

    bool answer_group(Backend& backend, std::span<const Call> calls) const override {
        std::vector<Connection*> connections;
        for (const Call& call : calls) connections.push_back(call.connection);
        answer_list(backend, backend.services.of(*endpoint().resource), list_, *calls.front().query,
                    connections);
        return true;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        const std::string name = list_.path.empty() ? "" : fmt::format(": {}", list_.path);
        return {
            .method = "get",
            .id = "list" + joined(resource.name) + joined(list_.path),
            .tag = tag_of(resource),
            .summary = fmt::format("List {}{}", resource.name, name),
            .description = std::string(list_.meaning),
            .parameters = parameters_of_list(resource, list_),
            .responses = {{"200", success(resource.page.usual == 0
                                              ? "The records, all of them unless there is a limit."
                                              : "The first records.",
                                          headers({"X-Cache", "Link", "X-Total-Count", "Vary"}),
                                          content_of_list(resource))}},
            .errors = errors_of_list(resource)};
    }

private:
    const List& list_;
    const std::shared_ptr<const query::Query> bare_;
};

}  // namespace

std::unique_ptr<Operation> make_list(const Resource& resource, const List& list) {
    return std::make_unique<ReadList>(resource, list);
}

}  // namespace larder
