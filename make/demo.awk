# Reads what the demo programs printed, prints one table, and judges it. Exits 1 when two answers differ.

BEGIN {
    count = split(languages, language, " ")
    split(names, name, " ")
    total = each * count
    for (l = 1; l <= count; l++) {
        load("before", l, each * l)
        load("after", l, total)
        load("fresh-before", l, total)
        load("fresh-after", l, total)
    }
    table()
    judge()
    if (wrong) {
        printf "\n%d answers are not what they must be. The first:\n%s", wrong, complaints > "/dev/stderr"
        exit 1
    }
}

# Files: user-1 new-checkout=true button-colour=grey sticky=false
function load(act, l, expected,    file, line, n, part) {
    file = scene "/" act "-" language[l]
    n = 0
    while ((getline line < file) > 0) {
        n++
        if (line !~ ("^user-" n " new-checkout=(true|false) button-colour=[a-z]+ sticky=(true|false)$")) {
            complain(name[l] ", " act ", line " n ": " line)
            continue
        }
        split(line, part, /[ =]/)
        checkout[act, l, n] = part[3]
        colour[act, l, n] = part[5]
        sticky[act, l, n] = part[7]
    }
    close(file)
    if (n != expected) complain(name[l] ", " act ": " n " lines instead of " expected)
}

function table(    l, met, u, shown) {
    printf "\n%-9s %-8s %-8s", "", "first", "before,"
    printf " after, decided in\n%-9s %-8s %-8s", "user", "met by", "decided"
    for (l = 1; l <= count; l++) printf " %-7s", name[l]
    printf "  without the store\n"
    for (met = 1; met <= count; met++) {
        # One user of each colour.
        shown["grey"] = shown["blue"] = shown["green"] = 0
        for (u = (met - 1) * each + 1; u <= met * each; u++)
            if (!shown[colour["before", met, u]]++) row(met, u)
        print "..."
    }
}

function row(met, u,    l, moved) {
    printf "%-9s %-8s %-8s", "user-" u, name[met], colour["before", met, u]
    for (l = 1; l <= count; l++) printf " %-7s", colour["after", l, u]
    moved = colour["fresh-after", 1, u] != colour["before", met, u]
    printf "  %-6s%s\n", colour["fresh-after", 1, u], moved ? " <- would have moved" : ""
}

function judge(    l, u, met, kept, moved, agreed) {
    for (u = 1; u <= total; u++) {
        met = int((u - 1) / each) + 1
        # Whoever meets a user first decides by the split; all later ones answer from the store.
        expect(sticky["before", met, u], "false", name[met] " meets user-" u " first: sticky")
        for (l = met + 1; l <= count; l++) {
            expect(colour["before", l, u], colour["before", met, u], name[l] ", before, user-" u)
            expect(sticky["before", l, u], "true", name[l] ", before, user-" u ": sticky")
            expect(checkout["before", l, u], checkout["before", met, u], name[l] ", before, new-checkout of user-" u)
        }
        for (l = 1; l <= count; l++) {
            if (colour["after", l, u] == colour["before", met, u]) kept[l]++
            expect(colour["after", l, u], colour["before", met, u], name[l] ", after, user-" u)
            expect(sticky["after", l, u], "true", name[l] ", after, user-" u ": sticky")
            # Without the shared file the languages agree too, because they hash alike.
            expect(colour["fresh-before", l, u], colour["before", met, u], name[l] ", without the store, user-" u)
            expect(colour["fresh-after", l, u], colour["fresh-after", 1, u], name[l] ", without the store, user-" u)
            expect(checkout["after", l, u], checkout["fresh-after", 1, u], name[l] ", new-checkout of user-" u)
            expect(checkout["fresh-after", l, u], checkout["fresh-after", 1, u], name[l] ", new-checkout of user-" u)
        }
        if (colour["fresh-after", 1, u] != colour["before", met, u]) moved++
        if (checkout["after", 1, u] == "true") on++
    }
    if (!moved) complain("the new split moves nobody: this demo shows nothing")
    printf "\n"
    for (l = 1; l <= count; l++)
        printf "%-9s met %d new users; after the change %d of %d users have the colour they had\n", \
            name[l], each, kept[l], total
    if (wrong) return
    printf "\nAll %d languages agree on all %d users, before and after. Without the store %d of %d would have moved.\n", \
        count, total, moved, total
    printf "new-checkout, a plain rollout, is on for %d of them, the same ones in every language.\n", on
}

function expect(got, wanted, where) {
    if (got != wanted) complain(where ": " got " instead of " wanted)
}

function complain(text) {
    if (wrong++ < 10) complaints = complaints "  " text "\n"
}
