#include "api/record_answer.hpp"

#include "http/conditional.hpp"

namespace larder {

http::Response record_answer(int status, std::string_view json) {
    http::Response response;
    response.status = status;
    response.body = json;
    http::add_header(response, "ETag", http::entity_tag(json));
    return response;
}

std::string_view name_of(CacheState state) {
    switch (state) {
        case CacheState::hit: return "HIT";
        case CacheState::miss: return "MISS";
        case CacheState::bypass: break;
    }
    return "BYPASS";
}

}  // namespace larder
