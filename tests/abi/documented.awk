# Reads the header; every prototype, struct member, constant and type must have a comment right above it, and every
# function and struct a line "Threads:" in it. Prints what has not, and fails.
/^ *\/\/ / || /^ *\/\/$/ { comment = comment $0 "\n"; next }
/^[ ]*#/ { next }
/^ \{$/ { next }
function complain(what) { print FILENAME ":" FNR ": " what ": " $0; bad = 1 }
# A prototype or a typedef begins at the left margin.
/^[a-z].*flagstay_[a-z_]*\(/ {
    if (comment == "") complain("undocumented function")
    else if (comment !~ /Threads: /) complain("no `Threads:` line")
    functions++
}
/^typedef struct flagstay_[a-z_]* / { if (comment == "") complain("undocumented type"); else if (comment !~ /Threads: /) complain("no `Threads:` line") }
/^enum / { if (comment == "") complain("undocumented type") }
/^  FLAGSTAY_/ { if (comment == "") complain("undocumented constant"); constants++ }
/^  [a-z].*[;(]/ && !/_len;$/ { if (comment == "") complain("undocumented member") }
{ comment = "" }
END {
    if (functions < 20 || constants < 20) { print "only " functions + 0 " functions and " constants + 0 " constants seen"; bad = 1 }
    exit bad
}
