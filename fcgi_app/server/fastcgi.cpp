#include "server/fastcgi.hpp"

#include <algorithm>

namespace larder::fastcgi {

namespace {

constexpr unsigned char version = 1;

enum Type : unsigned char {
    begin_request_type = 1,
    abort_request_type = 2,
    end_request_type = 3,
    parameters_type = 4,
    input_type = 5,
    output_type = 6,
    data_type = 8,
    get_values_type = 9,
    get_values_result_type = 10,
    unknown_type = 11,
};

constexpr unsigned char responder = 1;
constexpr unsigned char keep_connection = 1;
constexpr unsigned char request_complete = 0;
constexpr unsigned char unknown_role = 3;

// The largest content of a record that is a multiple of 8, so that no padding is needed.
constexpr std::size_t largest_content = 65528;
constexpr std::size_t largest_small = 8;  // of the content of a record that is no stream's
constexpr std::size_t usual_body = 65536;
constexpr std::size_t most_replies = 65536;  // that a front end has not taken yet

char low(std::size_t number) { return static_cast<char>(number & 0xFF); }
char high(std::size_t number) { return static_cast<char>((number >> 8) & 0xFF); }

void append_header(std::string& out, Type type, std::uint16_t id, std::size_t length) {
    const char header[] = {static_cast<char>(version),
                           static_cast<char>(type),
                           high(id),
                           low(id),
                           high(length),
                           low(length),
                           0,
                           0};
    out.append(header, sizeof(header));
}

void append_end_of(std::string& out, std::uint16_t id, unsigned char status) {
    append_header(out, end_request_type, id, 8);
    const char body[8] = {0, 0, 0, 0, static_cast<char>(status), 0, 0, 0};
    out.append(body, sizeof(body));
}

/// A length of a name or value: one byte, or four with the first bit set (section 3.4).
bool take_length(std::string_view& rest, std::size_t& length) {
    if (rest.empty()) return false;
    const auto byte = [&](std::size_t at) {
        return static_cast<std::size_t>(static_cast<unsigned char>(rest[at]));
    };
    if (byte(0) < 0x80) {
        length = byte(0);
        rest.remove_prefix(1);
        return true;
    }
    if (rest.size() < 4) return false;
    length = ((byte(0) & 0x7F) << 24) | (byte(1) << 16) | (byte(2) << 8) | byte(3);
    rest.remove_prefix(4);
    return true;
}

}  // namespace

std::size_t RequestReader::take(std::string_view bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !is_complete() && !has_failed() && !has_head_of_stream()) {
        const std::string_view rest = bytes.substr(taken);
        taken += header_size_ < header_size ? take_header(rest) : take_content(rest);
    }
    return taken;
}

std::size_t RequestReader::take_body(std::string_view bytes,
                                     const std::function<void(std::string_view)>& sink) {
    std::size_t taken = 0;
    sink_ = &sink;
    while (taken < bytes.size() && !is_complete() && !has_failed()) {
        const std::string_view rest = bytes.substr(taken);
        taken += header_size_ < header_size ? take_header(rest) : take_content(rest);
    }
    sink_ = nullptr;
    return taken;
}

std::size_t RequestReader::take_header(std::string_view bytes) {
    const std::size_t count = std::min(header_size - header_size_, bytes.size());
    std::copy_n(bytes.begin(), count, header_ + header_size_);
    header_size_ += count;
    if (header_size_ == header_size) start_record();
    return count;
}

void RequestReader::start_record() {
    content_ = static_cast<std::size_t>(header_[4]) << 8 | header_[5];
    padding_ = header_[6];
    small_.clear();
    const auto id = static_cast<std::uint16_t>(header_[2] << 8 | header_[3]);
    const bool is_of_request = stage_ == Stage::parameters || stage_ == Stage::body;
    if (header_[0] != version || replies_.size() > most_replies) return fail();
    switch (header_[1]) {
        case begin_request_type:
            if (is_of_request || id == 0 || content_ != largest_small) return fail();
            id_ = id;
            break;
        case parameters_type:
            if (stage_ != Stage::parameters || id != id_) return fail();
            if (parameters_.size() + content_ > most_parameters) return fail();
            break;
        case input_type:
            if (stage_ != Stage::body || id != id_) return fail();
            break;
        case abort_request_type:
            if (is_of_request && id == id_) return fail();
            break;
        default: break;
    }
    if (content_ + padding_ == 0) end_record();
}

std::size_t RequestReader::take_content(std::string_view bytes) {
    const std::string_view content = bytes.substr(0, content_);
    const std::size_t padding = std::min(padding_, bytes.size() - content.size());
    switch (header_[1]) {
        case parameters_type: parameters_ += content; break;
        case input_type: add_body(content); break;
        default:
            small_ += content.substr(0, largest_small - std::min(largest_small, small_.size()));
    }
    content_ -= content.size();
    padding_ -= padding;
    if (content_ + padding_ == 0) end_record();
    return content.size() + padding;
}

void RequestReader::add_body(std::string_view bytes) {
    if (is_stream_) {
        if (!bytes.empty() && *sink_) (*sink_)(bytes);
        return;
    }
    is_body_too_large_ = is_body_too_large_ || body_.size() + bytes.size() > body_limit_;
    if (is_body_too_large_) {
        body_.clear();
    } else {
        body_ += bytes;
    }
}

// An empty record ends a stream (section 3.3).
void RequestReader::end_record() {
    const bool is_empty = header_[4] == 0 && header_[5] == 0;
    header_size_ = 0;
    switch (header_[1]) {
        case begin_request_type: return begin_request();
        case parameters_type:
            if (!is_empty) return;
            stage_ = has_sound_parameters() ? Stage::body : Stage::failed;
            is_stream_ = names_stream();
            return;
        case input_type:
            if (is_empty) stage_ = Stage::complete;
            return;
        case abort_request_type:
        case data_type: return;
        // It may leave out every variable that is asked for.
        case get_values_type: return append_header(replies_, get_values_result_type, 0, 0);
        default:
            append_header(replies_, unknown_type, 0, 8);
            replies_.append(1, static_cast<char>(header_[1])).append(7, '\0');
    }
}

void RequestReader::begin_request() {
    const bool is_responder = small_[0] == 0 && small_[1] == responder;
    keeps_connection_ = (static_cast<unsigned char>(small_[2]) & keep_connection) != 0;
    if (is_responder) {
        stage_ = Stage::parameters;
        return;
    }
    append_end_of(replies_, id_, unknown_role);
    fail();
}

void RequestReader::reset() {
    stage_ = Stage::start;
    parameters_.clear();
    is_stream_ = false;
    is_body_too_large_ = false;
    if (body_.capacity() > usual_body) body_ = {};
    body_.clear();
}

bool RequestReader::next_parameter(std::string_view& rest, std::string_view& name,
                                   std::string_view& value) {
    std::size_t name_length = 0;
    std::size_t value_length = 0;
    if (!take_length(rest, name_length) || !take_length(rest, value_length)) return false;
    if (name_length > rest.size() || value_length > rest.size() - name_length) return false;
    name = rest.substr(0, name_length);
    value = rest.substr(name_length, value_length);
    rest.remove_prefix(name_length + value_length);
    return true;
}

/// Few requests have the name anywhere.
bool RequestReader::names_stream() const {
    if (!parameters_.contains(stream_parameter)) return false;
    bool is_named = false;
    for_each_parameter([&](std::string_view name, std::string_view) {
        is_named = is_named || name == stream_parameter;
    });
    return is_named;
}

bool RequestReader::has_sound_parameters() const {
    std::string_view rest = parameters_;
    std::string_view name;
    std::string_view value;
    while (!rest.empty()) {
        if (!next_parameter(rest, name, value)) return false;
    }
    return true;
}

void append_output(std::string& out, std::uint16_t id, std::string_view content) {
    while (!content.empty()) {
        const std::string_view part = content.substr(0, largest_content);
        append_header(out, output_type, id, part.size());
        out += part;
        content.remove_prefix(part.size());
    }
}

void append_end(std::string& out, std::uint16_t id) { append_end_of(out, id, request_complete); }

}  // namespace larder::fastcgi
