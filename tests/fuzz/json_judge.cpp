#include "fuzz/json_judge.hpp"

#include <cstdint>
#include <set>

namespace larder::fuzz {

namespace {

using json::Type;

constexpr std::size_t most_levels = 32;

unsigned char byte_of(char c) { return static_cast<unsigned char>(c); }

/// The length of the character at the front by the table in RFC 3629, section 4; 0: none.
std::size_t utf8_length(std::string_view text) {
    const auto in = [&](std::size_t at, unsigned low, unsigned high) {
        return at < text.size() && byte_of(text[at]) >= low && byte_of(text[at]) <= high;
    };
    const auto tails = [&](std::size_t from, std::size_t to) {
        for (; from < to; ++from) {
            if (!in(from, 0x80, 0xBF)) return false;
        }
        return true;
    };
    if (in(0, 0x00, 0x7F)) return 1;
    if (in(0, 0xC2, 0xDF) && tails(1, 2)) return 2;
    if (in(0, 0xE0, 0xE0) && in(1, 0xA0, 0xBF) && tails(2, 3)) return 3;
    if (in(0, 0xE1, 0xEC) && tails(1, 3)) return 3;
    if (in(0, 0xED, 0xED) && in(1, 0x80, 0x9F) && tails(2, 3)) return 3;
    if (in(0, 0xEE, 0xEF) && tails(1, 3)) return 3;
    if (in(0, 0xF0, 0xF0) && in(1, 0x90, 0xBF) && tails(2, 4)) return 4;
    if (in(0, 0xF1, 0xF3) && tails(1, 4)) return 4;
    if (in(0, 0xF4, 0xF4) && in(1, 0x80, 0x8F) && tails(2, 4)) return 4;
    return 0;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80U | ((point >> shift) & 0x3FU));
    };
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xC0U | (point >> 6U));
        tail(0);
    } else if (point < 0x10000) {
        out += static_cast<char>(0xE0U | (point >> 12U));
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xF0U | (point >> 18U));
        tail(12);
        tail(6);
        tail(0);
    }
}

/// One function for each rule of the grammar; each gives false where the text breaks it.
class Judge {
public:
    explicit Judge(std::string_view text) : rest_(text) {}

    std::optional<Judgement> verdict() {
        skip_space();
        std::string text;
        if (!value(judgement_.root, text, "", 0)) return std::nullopt;
        skip_space();
        if (!rest_.empty()) return std::nullopt;
        return std::move(judgement_);
    }

    bool number(std::string& out) {
        const std::string_view start = rest_;
        take('-');
        if (!take('0') && !digits()) return false;
        if (take('.') && !digits()) return false;
        if (take('e') || take('E')) {
            if (!take('+')) take('-');
            if (!digits()) return false;
        }
        out = start.substr(0, start.size() - rest_.size());
        return true;
    }
    bool is_done() const { return rest_.empty(); }

private:
    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    bool digits() {
        const std::size_t before = rest_.size();
        while (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
            rest_.remove_prefix(1);
        }
        return rest_.size() < before;
    }
    void skip_space() {
        while (take(' ') || take('\t') || take('\n') || take('\r')) {
        }
    }

    bool value(Type& type, std::string& text, const std::string& pointer, std::size_t level) {
        if (rest_.empty()) return false;
        switch (rest_.front()) {
            case '{': type = Type::object; return object(pointer, level + 1);
            case '[': type = Type::array; return array(pointer, level + 1);
            case '"': type = Type::string; return string(text);
            case 't': type = Type::boolean; return take("true");
            case 'f': type = Type::boolean; return take("false");
            case 'n': type = Type::null; return take("null");
            default: break;
        }
        type = Type::number;
        if (!number(text)) return false;
        judgement_.numbers.push_back({pointer, text});
        return true;
    }

    bool object(const std::string& pointer, std::size_t level) {
        if (level > most_levels) return false;
        take('{');
        skip_space();
        if (take('}')) return true;
        std::set<std::string> names;
        do {
            skip_space();
            json::Member member{};
            if (!string(member.name) || !names.insert(member.name).second) return false;
            skip_space();
            if (!take(':')) return false;
            skip_space();
            const std::string path = pointer + '/' + escaped(member.name);
            if (!value(member.type, member.text, path, level)) return false;
            if (level == 1 && judgement_.root == Type::object) {
                judgement_.members.push_back(std::move(member));
            }
            skip_space();
        } while (take(','));
        return take('}');
    }

    bool array(const std::string& pointer, std::size_t level) {
        if (level > most_levels) return false;
        take('[');
        skip_space();
        if (take(']')) return true;
        std::size_t index = 0;
        do {
            skip_space();
            Type type{};
            std::string text;
            if (!value(type, text, pointer + '/' + std::to_string(index++), level)) return false;
            skip_space();
        } while (take(','));
        return take(']');
    }

    bool string(std::string& out) {
        out.clear();
        if (!take('"')) return false;
        while (!take('"')) {
            if (take('\\')) {
                if (!escape(out)) return false;
                continue;
            }
            const std::size_t length = utf8_length(rest_);
            if (length == 0 || byte_of(rest_.front()) < 0x20) return false;
            out += rest_.substr(0, length);
            rest_.remove_prefix(length);
        }
        return true;
    }

    bool escape(std::string& out) {
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        if (rest_.empty()) return false;
        if (const auto at = names.find(rest_.front()); at != names.npos) {
            out += meanings[at];
            rest_.remove_prefix(1);
            return true;
        }
        std::uint32_t point = 0;
        if (!take('u') || !unit(point)) return false;
        if (point >= 0xDC00 && point <= 0xDFFF) return false;
        if (point >= 0xD800 && point <= 0xDBFF) {
            std::uint32_t low = 0;
            if (!take("\\u") || !unit(low) || low < 0xDC00 || low > 0xDFFF) return false;
            point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
        }
        append_utf8(out, point);
        return point != 0;
    }

    bool unit(std::uint32_t& out) {
        constexpr std::string_view lower = "0123456789abcdef";
        constexpr std::string_view upper = "0123456789ABCDEF";
        for (int i = 0; i < 4; ++i) {
            if (rest_.empty()) return false;
            auto digit = lower.find(rest_.front());
            if (digit == lower.npos) digit = upper.find(rest_.front());
            if (digit == upper.npos) return false;
            out = out << 4U | static_cast<std::uint32_t>(digit);
            rest_.remove_prefix(1);
        }
        return true;
    }

    static std::string escaped(std::string_view name) {
        std::string out;
        for (const char c : name) {
            if (c == '~') {
                out += "~0";
            } else if (c == '/') {
                out += "~1";
            } else {
                out += c;
            }
        }
        return out;
    }

    std::string_view rest_;
    Judgement judgement_;
};

}  // namespace

std::optional<Judgement> judge(std::string_view text) { return Judge(text).verdict(); }

bool is_json_number(std::string_view text) {
    Judge judge(text);
    std::string ignored;
    return judge.number(ignored) && judge.is_done();
}

bool is_utf8_text(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace larder::fuzz
