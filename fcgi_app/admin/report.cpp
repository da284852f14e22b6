#include "admin/report.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <vector>

#include "admin/sqitch.hpp"

namespace larder::admin {

namespace {

void add_steps(std::string& text, const Plan& plan, Phase phase, std::string_view title) {
    if (!plan.has(phase)) return;
    text += fmt::format("{}:\n", title);
    for (const Step& step : plan.steps) {
        if (step.phase != phase) continue;
        text += fmt::format("  {}: {}{}\n      {}\n", step.subject, step.words,
                            step.is_lossy ? " (VALUES ARE LOST)" : "", step.cost);
    }
}

void add_lines(std::string& text, const std::vector<std::string>& lines, std::string_view title) {
    if (lines.empty()) return;
    text += fmt::format("{}:\n", title);
    for (const std::string& line : lines) text += fmt::format("  {}\n", line);
}

}  // namespace

std::string report(const Plan& plan) {
    std::string text;
    add_lines(text, plan.problems, "What Larder cannot do");
    add_steps(text, plan, Phase::expand, "Before the restart of the workers");
    add_steps(text, plan, Phase::contract, "After the restart of the workers");
    add_lines(text, plan.notes, "What stays as it is");
    if (plan.steps.empty() && plan.problems.empty()) {
        return "The database has what the descriptions need.\n" + text;
    }
    for (const Phase phase : {Phase::expand, Phase::contract}) {
        if (!plan.has(phase)) continue;
        text +=
            fmt::format("\n-- SQL {} the restart of the workers\n{}",
                        phase == Phase::expand ? "before" : "after", deploy_script(plan, phase));
    }
    return text;
}

std::string findings(const Plan& plan) {
    std::string text;
    for (const std::string& problem : plan.problems) {
        text += fmt::format("problem: tables: {}\n", problem);
    }
    for (const Step& step : plan.steps) {
        text += fmt::format("problem: tables: {} is not as its description says: {}\n",
                            step.subject, step.words);
    }
    if (text.empty()) text = "ok: tables: as the descriptions say\n";
    for (const std::string& note : plan.notes) text += fmt::format("advice: tables: {}\n", note);
    return text;
}

}  // namespace larder::admin
