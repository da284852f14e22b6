#include "admin/sqitch.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ranges>
#include <string_view>
#include <utility>

#include "admin/sql_text.hpp"
#include "file.hpp"

namespace larder::admin {

namespace {

using Done = std::expected<void, std::string>;

constexpr std::string_view configuration =
    "[core]\n\tengine = pg\n[deploy]\n\tverify = true\n[engine \"pg\"]\n\tclient = psql\n";

std::string_view word_of(Phase phase) { return phase == Phase::expand ? "expand" : "contract"; }

/// The text of a file; empty: there is none.
std::expected<std::string, std::string> text_of(const std::string& path) {
    const File file(path, O_RDONLY);
    if (!file.is_open() && errno == ENOENT) return std::string();
    if (!file.is_open()) return std::unexpected(file_failure(path));
    std::string text;
    std::string chunk(65536, '\0');
    for (;;) {
        const ssize_t count = read(file.descriptor(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(file_failure(path));
        if (count == 0) return text;
        text.append(chunk, 0, static_cast<std::size_t>(count));
    }
}

/// Others may read it: it belongs into the operator's version control.
Done write_file(const std::string& path, std::string_view text, int flags) {
    constexpr mode_t readable = 0644;
    const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, readable));
    if (!file.is_open()) return std::unexpected(file_failure(path));
    while (!text.empty()) {
        const ssize_t count = write(file.descriptor(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(file_failure(path));
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    if (fsync(file.descriptor()) != 0) return std::unexpected(file_failure(path));
    return {};
}

Done replace_file(const std::string& path, std::string_view text) {
    const std::string fresh = path + ".new";
    if (auto written = write_file(fresh, text, O_TRUNC); !written) return written;
    if (rename(fresh.c_str(), path.c_str()) != 0) return std::unexpected(file_failure(path));
    return {};
}

Done make_directory(const std::string& path) {
    constexpr mode_t open_to_readers = 0755;
    if (mkdir(path.c_str(), open_to_readers) == 0 || errno == EEXIST) return {};
    return std::unexpected(file_failure(path));
}

/// A part of a change's name: Sqitch and file systems give other characters a meaning.
std::string plain_word(std::string_view text) {
    std::string word(text);
    std::ranges::replace_if(
        word,
        [](char c) { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9'); },
        '_');
    return word.substr(0, 60);
}

/// A comment of one line.
std::string comment(std::string_view text) {
    std::string line = "-- ";
    for (const char c : text) line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    return line + '\n';
}

std::string title_of(const Step& step) { return comment(step.subject + ": " + step.words); }

// What a script means must not hang on the settings of a role or of a database.
constexpr std::string_view session =
    "SET client_min_messages = warning;\n"
    "SET lock_timeout = '1s';\n"
    "SET search_path = public;\n"
    "SET TimeZone = 'UTC';\n";

constexpr std::string_view author = "-- Written by larder-schema.\n";

std::string purpose(const std::string& fingerprint) {
    return fmt::format("-- For the descriptions {}.\n", fingerprint);
}

/// The steps of one phase as the files of one change.
class ChangeFiles {
public:
    ChangeFiles(std::string name, std::vector<const Step*> steps, const std::string& fingerprint)
        : name_(std::move(name)), steps_(std::move(steps)), purpose_(purpose(fingerprint)) {}

    std::string deploy() const {
        std::string text = heading("Deploy", "to") + purpose_ +
                           "-- It can be run again after it was interrupted anywhere.\n\n";
        text += session;
        for (const Step* step : steps_) text += '\n' + title_of(*step) + step->deploy;
        return text;
    }

    std::string revert() const {
        std::string text = heading("Revert", "from") + '\n';
        text += session;
        for (const Step* step : std::views::reverse(steps_)) {
            if (!step->revert.empty()) text += '\n' + title_of(*step) + step->revert;
        }
        return text;
    }

    // A later change may have changed the same thing again.
    std::string verify() const {
        std::string text =
            heading("Verify", "on") +
            fmt::format(
                "-- Only the last change that is deployed is looked at: a later one may change the "
                "same\n"
                "-- thing again. `larder plan` compares the whole database with the "
                "descriptions.\n\n"
                "SELECT NOT EXISTS (SELECT FROM :\"registry\".changes AS later\n"
                "    JOIN :\"registry\".changes AS this USING (project)\n"
                "    WHERE project = '{}' AND this.change = {}\n"
                "        AND later.committed_at > this.committed_at) AS is_last \\gset\n"
                "\\if :is_last\n",
                operator_project, sql_literal(name_));
        for (const Step* step : steps_) {
            if (step->verify.empty()) continue;
            std::string mark = "$larder$";
            for (int i = 2; step->verify.contains(mark); ++i) mark = fmt::format("$larder{}$", i);
            text += fmt::format(
                "DO {0} BEGIN\n    IF NOT ({1}) THEN\n        RAISE EXCEPTION '%', {2};\n"
                "    END IF;\nEND {0};\n",
                mark, step->verify,
                sql_literal(fmt::format("not so: {}: {}", step->subject, step->words)));
        }
        return text + "\\endif\n";
    }

private:
    std::string heading(std::string_view what, std::string_view preposition) const {
        return fmt::format("-- {} {}:{} {} pg\n{}", what, operator_project, name_, preposition,
                           author);
    }

    std::string name_;
    std::vector<const Step*> steps_;
    std::string purpose_;
};

class Project {
public:
    explicit Project(std::string directory) : directory_(std::move(directory)) {}

    Done open() {
        for (const std::string_view part : {"", "/deploy", "/revert", "/verify"}) {
            if (auto made = make_directory(directory_ + std::string(part)); !made) return made;
        }
        auto plan = text_of(directory_ + "/sqitch.plan");
        if (!plan) return std::unexpected(std::move(plan.error()));
        plan_ = plan->empty()
                    ? fmt::format("%syntax-version=1.0.0\n%project={}\n\n", operator_project)
                    : std::move(*plan);
        if (!plan_.ends_with('\n')) plan_ += '\n';
        const std::string own = directory_ + "/sqitch.conf";
        if (::access(own.c_str(), F_OK) == 0) return {};
        return replace_file(own, configuration);
    }

    /// A name that no change and no file has. It ends with the phase, by which it is known.
    std::string free_name(const std::string& wanted, Phase phase) const {
        std::string name = fmt::format("{}_{}", wanted, word_of(phase));
        const auto is_taken = [&] {
            return plan_.contains('\n' + name + ' ') ||
                   ::access(path("deploy", name).c_str(), F_OK) == 0;
        };
        for (int i = 2; is_taken(); ++i) name = fmt::format("{}_{}_{}", wanted, i, word_of(phase));
        return name;
    }

    Done add(const std::string& name, const ChangeFiles& files, const std::string& needed,
             std::string_view note, std::chrono::sys_seconds now) {
        const std::pair<std::string_view, std::string> texts[] = {
            {"deploy", files.deploy()}, {"revert", files.revert()}, {"verify", files.verify()}};
        for (const auto& [kind, text] : texts) {
            if (auto written = write_file(path(kind, name), text, O_EXCL); !written) return written;
        }
        plan_ += fmt::format("{}{} {:%Y-%m-%dT%H:%M:%SZ} Larder <larder@localhost> # {}\n", name,
                             needed.empty() ? "" : " [" + needed + ']', now, note);
        return {};
    }

    Done save() { return replace_file(directory_ + "/sqitch.plan", plan_); }

    std::string path(std::string_view kind, const std::string& name) const {
        return fmt::format("{}/{}/{}.sql", directory_, kind, name);
    }

private:
    std::string directory_;
    std::string plan_;
};

std::vector<const Step*> steps_of(const Plan& plan, Phase phase, std::string_view written) {
    std::vector<const Step*> steps;
    for (const Step& step : plan.steps) {
        if (step.phase == phase && !written.contains(title_of(step) + step.deploy)) {
            steps.push_back(&step);
        }
    }
    return steps;
}

/// `invoices`, or `invoices_and_2_more`.
std::string topic_of(const std::vector<const Step*>& steps) {
    std::vector<std::string> tables;
    for (const Step* step : steps) {
        const std::string table = step->subject.substr(0, step->subject.find('.'));
        if (std::ranges::find(tables, table) == tables.end()) tables.push_back(table);
    }
    std::string topic = plain_word(tables[0]);
    if (tables.size() > 1) topic += fmt::format("_and_{}_more", tables.size() - 1);
    return topic;
}

}  // namespace

std::string deploy_script(const Plan& plan, Phase phase) {
    std::string text;
    for (const Step* step : steps_of(plan, phase, {})) {
        text += title_of(*step) + step->deploy + '\n';
    }
    return text;
}

std::expected<std::vector<std::string>, std::string> write_changes(
    const std::string& directory, const Plan& plan, const std::vector<std::string>& kept,
    const std::string& fingerprint, std::chrono::sys_seconds now) {
    Project project(directory);
    if (auto opened = project.open(); !opened) return std::unexpected(std::move(opened.error()));
    std::string written;
    for (const std::string& name : kept) {
        auto text = text_of(project.path("deploy", name));
        if (!text) return std::unexpected(std::move(text.error()));
        written += *text;
    }
    std::vector<std::string> names;
    for (const Phase phase : {Phase::expand, Phase::contract}) {
        const auto steps = steps_of(plan, phase, written);
        if (steps.empty()) continue;
        const std::string name =
            project.free_name(fmt::format("{:%Y-%m-%dT%H%M%S}_{}", now, topic_of(steps)), phase);
        const std::string note =
            phase == Phase::expand ? "Before the restart of the workers" : "After the restart";
        auto added = project.add(name, ChangeFiles(name, steps, fingerprint),
                                 names.empty() ? "" : names.back(), note, now);
        if (!added) return std::unexpected(std::move(added.error()));
        names.push_back(name);
    }
    if (auto saved = project.save(); !saved) return std::unexpected(std::move(saved.error()));
    return names;
}

std::expected<std::vector<std::string>, std::string> changes_of(const std::string& directory) {
    auto plan = text_of(directory + "/sqitch.plan");
    if (!plan) return std::unexpected(std::move(plan.error()));
    std::vector<std::string> names;
    for (const auto part : std::views::split(*plan, '\n')) {
        const std::string_view line(part.begin(), part.end());
        const bool is_change = !line.empty() && !std::string_view("%#@ \t\r").contains(line[0]);
        if (is_change) names.emplace_back(line.substr(0, line.find_first_of(" \t")));
    }
    return names;
}

std::expected<std::vector<PendingChange>, std::string> find_superseded(
    const std::string& directory, const Plan& plan, const std::vector<std::string>& pending,
    const std::string& fingerprint) {
    std::vector<PendingChange> changes;
    std::vector<bool> is_own;
    std::string kept;  // the texts of those that are to be deployed
    bool has_contract = false;
    bool is_out_of_order = false;
    const auto supersede_all = [&] {
        for (std::size_t i = 0; i < changes.size(); ++i) {
            changes[i].is_superseded = is_own[i];
        }
        kept.clear();
        has_contract = false;
        is_out_of_order = false;
    };
    for (const std::string& name : pending) {
        auto text = text_of(fmt::format("{}/deploy/{}.sql", directory, name));
        if (!text) return std::unexpected(std::move(text.error()));
        changes.push_back({.name = name});
        is_own.push_back(text->contains(author));
        if (!is_own.back()) continue;
        if (!text->contains(purpose(fingerprint))) {
            supersede_all();
            continue;
        }
        const bool is_contract = name.ends_with(word_of(Phase::contract));
        is_out_of_order = is_out_of_order || (has_contract && !is_contract);
        has_contract = has_contract || is_contract;
        kept += *text;
    }
    // Sqitch deploys in order. What is to come before the restart must not come after a change that
    // comes after it.
    const bool is_late = has_contract && !steps_of(plan, Phase::expand, kept).empty();
    if (is_late || is_out_of_order) supersede_all();
    return changes;
}

}  // namespace larder::admin
