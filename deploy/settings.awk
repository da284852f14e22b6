# Turns the table of `larder-worker --print-settings` into the list of larder(5), or with -v form=env
# into larder.env. A row is "| `NAME` | `default` | meaning |".

/^\| `/ {
    split($0, cell, / *\| */)
    name = cell[2]
    fallback = cell[3]
    meaning = toupper(substr(cell[4], 1, 1)) substr(cell[4], 2)
    gsub(/`/, "", name)
    gsub(/`/, "", fallback)
    if (form == "env") {
        print_for_file()
    } else {
        print_for_manual()
    }
}

function print_for_file() {
    gsub(/`/, "", meaning)
    printf "%s# %s\n#%s=%s\n", count++ ? "\n" : "", meaning, name, fallback
}

# Code becomes bold.
function print_for_manual() {
    gsub(/\\/, "\\e", meaning)
    while (match(meaning, /`[^`]*`/)) {
        meaning = substr(meaning, 1, RSTART - 1) "\\fB" substr(meaning, RSTART + 1, RLENGTH - 2) \
            "\\fP" substr(meaning, RSTART + RLENGTH)
    }
    printf ".It Ev %s\n%s.\n", name, meaning
    if (fallback != "") {
        printf "Default:\n.Ql \"%s\"\n", fallback
    }
}
