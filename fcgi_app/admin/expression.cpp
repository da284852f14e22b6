#include "admin/expression.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace larder::admin {

namespace {

using Kind = Expression::Kind;
using Parsed = std::optional<Expression>;

struct Token {
    enum class Type { word, quoted_name, number, text, sign, end };

    Type type = Type::end;
    std::string text = {};
    std::size_t begin = 0;
    std::size_t end = 0;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_word(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
}
bool is_in_word(char c) { return begins_word(c) || is_digit(c) || c == '$'; }

constexpr std::string_view operator_characters = "=<>~!+-*/%^&|#@?`";

/// Cuts an expression into tokens. Nothing: a text is not closed, or is one with escapes.
class Lexer {
public:
    explicit Lexer(std::string_view sql) : sql_(sql) {}

    std::optional<std::vector<Token>> tokens() {
        std::vector<Token> found;
        for (;;) {
            while (at_ < sql_.size() && (sql_[at_] == ' ' || sql_[at_] == '\n')) ++at_;
            auto token = next();
            if (!token) return std::nullopt;
            found.push_back(std::move(*token));
            if (found.back().type == Token::Type::end) return found;
        }
    }

private:
    std::optional<Token> next() {
        if (at_ == sql_.size()) return Token{.begin = at_, .end = at_};
        const char c = sql_[at_];
        if (c == '\'' || c == '"') return quoted(c);
        if (begins_word(c)) return taken(Token::Type::word, is_in_word);
        if (is_digit(c)) return number();
        if (sql_.substr(at_).starts_with("::")) return sign(2);
        if (operator_characters.contains(c)) {
            return taken(Token::Type::sign,
                         [](char one) { return operator_characters.contains(one); });
        }
        return sign(1);
    }

    template <class Belongs>
    Token taken(Token::Type type, Belongs belongs) {
        const std::size_t begin = at_;
        while (at_ < sql_.size() && belongs(sql_[at_])) ++at_;
        return token(type, begin);
    }

    Token token(Token::Type type, std::size_t begin) const {
        return {.type = type,
                .text = std::string(sql_.substr(begin, at_ - begin)),
                .begin = begin,
                .end = at_};
    }

    Token sign(std::size_t length) {
        at_ += length;
        return token(Token::Type::sign, at_ - length);
    }

    Token number() {
        const std::size_t begin = at_;
        const auto digits = [&] {
            while (at_ < sql_.size() && is_digit(sql_[at_])) ++at_;
        };
        digits();
        if (at_ < sql_.size() && sql_[at_] == '.') {
            ++at_;
            digits();
        }
        return token(Token::Type::number, begin);
    }

    std::optional<Token> quoted(char quote) {
        Token token{.type = quote == '"' ? Token::Type::quoted_name : Token::Type::text,
                    .begin = at_};
        for (++at_; at_ < sql_.size(); ++at_) {
            if (sql_[at_] != quote) {
                token.text += sql_[at_];
            } else if (at_ + 1 < sql_.size() && sql_[at_ + 1] == quote) {
                token.text += sql_[at_++];
            } else {
                token.end = ++at_;
                return token;
            }
        }
        return std::nullopt;
    }

    std::string_view sql_;
    std::size_t at_ = 0;
};

class Parser {
public:
    Parser(std::string_view sql, std::vector<Token> tokens)
        : sql_(sql), tokens_(std::move(tokens)) {}

    Parsed whole() {
        auto expression = any_of();
        return expression && token().type == Token::Type::end ? expression : std::nullopt;
    }

private:
    const Token& token() const { return tokens_[at_]; }
    bool is_sign(std::string_view text) const {
        return token().type == Token::Type::sign && token().text == text;
    }
    bool is_word(std::string_view text) const {
        return token().type == Token::Type::word && token().text == text;
    }
    bool take_sign(std::string_view text) { return is_sign(text) && (++at_, true); }
    bool take_word(std::string_view text) { return is_word(text) && (++at_, true); }

    Parsed any_of() { return joined(Kind::any_of, "OR", &Parser::all_of); }
    Parsed all_of() { return joined(Kind::all_of, "AND", &Parser::comparison); }

    Parsed joined(Kind kind, std::string_view word, Parsed (Parser::*part)()) {
        auto first = (this->*part)();
        if (!first || !is_word(word)) return first;
        Expression whole{.kind = kind, .parts = {std::move(*first)}};
        while (take_word(word)) {
            auto next = (this->*part)();
            if (!next) return std::nullopt;
            whole.parts.push_back(std::move(*next));
        }
        return whole;
    }

    Parsed comparison() {
        auto left = primary();
        if (!left) return std::nullopt;
        if (take_word("IS")) {
            const bool is_not = take_word("NOT");
            if (!take_word("NULL")) return std::nullopt;
            return Expression{.kind = is_not ? Kind::is_not_null : Kind::is_null,
                              .parts = {std::move(*left)}};
        }
        constexpr std::array<std::string_view, 7> operators = {"=",  "<>", "<", ">",
                                                               "<=", ">=", "~"};
        if (token().type != Token::Type::sign ||
            std::ranges::find(operators, token().text) == operators.end()) {
            return left;
        }
        Expression whole{.kind = Kind::compare, .text = token().text};
        ++at_;
        if (whole.text == "=" && take_word("ANY")) whole.text = "= ANY";
        auto right = primary();
        if (!right) return std::nullopt;
        whole.parts = {std::move(*left), std::move(*right)};
        return whole;
    }

    Parsed primary() {
        constexpr int deepest = 100;
        if (++depth_ > deepest) return std::nullopt;
        auto found = unary();
        while (found && take_sign("::")) {
            auto type = type_name();
            if (!type) return std::nullopt;
            found = Expression{
                .kind = Kind::cast, .text = std::move(*type), .parts = {std::move(*found)}};
        }
        --depth_;
        return found;
    }

    Parsed unary() {
        if (is_sign("+") || is_sign("-")) {
            const bool is_negative = is_sign("-");
            ++at_;
            auto operand = primary();
            if (!operand || operand->kind != Kind::number) return std::nullopt;
            if (is_negative) operand->text.insert(0, "-");
            return operand;
        }
        if (take_sign("(")) {
            auto inner = any_of();
            return inner && take_sign(")") ? inner : std::nullopt;
        }
        const Token first = token();
        if (first.type == Token::Type::end || first.type == Token::Type::sign) return std::nullopt;
        ++at_;
        if (first.type == Token::Type::number) return Expression{Kind::number, first.text};
        if (first.type == Token::Type::text) return Expression{Kind::text, first.text};
        if (first.type == Token::Type::word && first.text == "ARRAY" && take_sign("[")) {
            return list(Kind::array, {}, "]");
        }
        if (first.type == Token::Type::word && take_sign("(")) {
            return list(Kind::call, first.text, ")");
        }
        if (is_sign(".")) return std::nullopt;
        return Expression{Kind::name, first.text};
    }

    Parsed list(Kind kind, std::string name, std::string_view closing) {
        Expression whole{.kind = kind, .text = std::move(name)};
        if (take_sign(closing)) return whole;
        do {
            auto part = any_of();
            if (!part) return std::nullopt;
            whole.parts.push_back(std::move(*part));
        } while (take_sign(","));
        return take_sign(closing) ? Parsed(std::move(whole)) : std::nullopt;
    }

    /// As it is printed: `character varying`, `numeric(7,2)`, `sales.mood`, `text[]`.
    std::optional<std::string> type_name() {
        constexpr std::array<std::string_view, 6> further = {"varying", "precision", "with",
                                                             "without", "time",      "zone"};
        const std::size_t begin = token().begin;
        if (!take_name()) return std::nullopt;
        while (take_sign(".")) {
            if (!take_name()) return std::nullopt;
        }
        for (;;) {
            if (token().type == Token::Type::word &&
                std::ranges::find(further, token().text) != further.end()) {
                ++at_;
            } else if (take_sign("(")) {
                while (token().type == Token::Type::number || is_sign(",") || is_sign("-")) ++at_;
                if (!take_sign(")")) return std::nullopt;
            } else if (take_sign("[")) {
                if (!take_sign("]")) return std::nullopt;
            } else {
                return std::string(sql_.substr(begin, tokens_[at_ - 1].end - begin));
            }
        }
    }

    bool take_name() {
        const auto type = token().type;
        if (type != Token::Type::word && type != Token::Type::quoted_name) return false;
        ++at_;
        return true;
    }

    std::string_view sql_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

std::optional<Expression> parse_expression(std::string_view sql) {
    auto tokens = Lexer(sql).tokens();
    return tokens ? Parser(sql, std::move(*tokens)).whole() : std::nullopt;
}

}  // namespace larder::admin
