#pragma once

#include <string_view>

/// A fuzz target is a function that takes any bytes and ends the process where a rule does not
/// hold.
///
///     FUZZ_TARGET(mark) { MUST(parse_mark(input).has_value() || …); }
///
/// `make fuzz` compiles each file for itself and has libFuzzer call its target; the tests link all
/// of them into one program, which calls them with the files of their corpus (replay.cpp).
namespace larder::fuzz {

using Target = void (*)(std::string_view input);

/// Says what did not hold, and aborts, so that libFuzzer keeps the input.
[[noreturn]] void broken(const char* rule, const char* file, int line);

/// Makes a target known to the replaying program by its name.
struct Registration {
    Registration(const char* name, Target target);
};

}  // namespace larder::fuzz

#define MUST(condition)                                                           \
    do {                                                                          \
        if (!(condition)) ::larder::fuzz::broken(#condition, __FILE__, __LINE__); \
    } while (false)

#ifdef LARDER_FUZZER
#include <cstddef>
#include <cstdint>
#define FUZZ_TARGET(name)                                                                \
    static void fuzz_##name(std::string_view input);                                     \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) { \
        fuzz_##name({reinterpret_cast<const char*>(bytes), size});                       \
        return 0;                                                                        \
    }                                                                                    \
    static void fuzz_##name([[maybe_unused]] std::string_view input)
#else
#define FUZZ_TARGET(name)                                                                 \
    static void fuzz_##name(std::string_view input);                                      \
    static const ::larder::fuzz::Registration registration_of_##name(#name, fuzz_##name); \
    static void fuzz_##name([[maybe_unused]] std::string_view input)
#endif
