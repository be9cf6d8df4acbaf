# Writes a ruleset of n flags: awk -v n=1000 -f flags.awk > flags-1000.json
BEGIN {
    switch_flag = "{\"on\": true, \"variations\": {\"on\": true, \"off\": false}, \"off\": \"off\", " \
        "\"default\": {\"split\": {\"weights\": [" \
        "{\"variation\": \"on\", \"percent\": 50}, {\"variation\": \"off\", \"percent\": 50}]}}}"
    print "{\"format\": 1, \"flags\": {"
    for (i = 0; i < n; i++) {
        printf "\"flag-%d\": %s%s\n", i, i % 2 ? experiment() : switch_flag, i < n - 1 ? "," : ""
    }
    print "}}"
}

# The flag of three-rules.json, which lies beside this program and is the one place where it is written down.
function experiment(    line, text) {
    if (made != "") return made
    file = "benches/rulesets/three-rules.json"
    while ((getline line < file) > 0) {
        sub(/^ */, "", line)
        text = text line
    }
    if (text !~ /"experiment": /) {
        print "flags.awk: run me at the top of the tree, beside " file > "/dev/stderr"
        exit 1
    }
    sub(/.*"experiment": /, "", text)
    sub(/}}$/, "", text)
    made = text
    return made
}
