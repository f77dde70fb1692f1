#!/bin/sh
# A store in a shell: one file, replaced at every change. Its first line is the number of writes; each other one is a key and its value.
# It shows what a program has to say to be put to the torture: cargo xtask torture --program=docs/store.sh

path=${2#--path=}

case $1 in
scan)
    if [ ! -f "$path" ]; then
        echo "nothing is at $path" >&2
        exit 1
    fi
    tail -n +2 "$path"
    exit
    ;;
esac

# Everything, to be read as lines.
pairs() {
    [ ! -f "$path" ] || tail -n +2 "$path"
}

# Puts what is on its input in the place of everything, so that it is on the disk when this returns.
replace() {
    { echo $((count + 1)) && cat; } >"$path.new" || return 1
    sync "$path.new" || return 1
    mv "$path.new" "$path"
    sync "$(dirname "$path")" || return 1
    count=$((count + 1))
}

# The lines of everything, changed: KEY VALUE is put, KEY alone is deleted.
change() {
    awk -v key="$1" '$1 != key'
    [ -z "$2" ] || echo "$1 $2"
}

# The changes `put KEY VALUE; delete KEY; ...`, one after the other, to the lines on its input.
changes() {
    lines=$(cat)
    rest="$1; "
    while [ -n "$rest" ]; do
        # Values are single words, and no globs: the text form of bytes writes blanks and the like as escapes.
        set -f
        # shellcheck disable=SC2086
        set -- ${rest%%; *}
        case $1 in
        put) value=$3 ;;
        *) value= ;;
        esac
        lines=$(echo "$lines" | change "$2" "$value")
        rest=${rest#*; }
    done
    echo "$lines" | sed '/^$/d'
}

count=0
[ ! -f "$path" ] || read -r count <"$path"
echo "ready $$ $count"

# A last line without its end is not executed: `read` fails there.
while read -r id word rest; do
    case $word in
    put | delete | batch)
        [ "$word" = batch ] || rest="$word $rest"
        if pairs | changes "$rest" >"$path.pairs" && replace <"$path.pairs"; then
            echo "$id ok power $count"
        else
            echo "$id failed unknown the file cannot be replaced"
        fi
        ;;
    get)
        value=$(pairs | awk -v key="$rest" '$1 == key { print $2 }')
        if [ -n "$value" ]; then
            echo "$id value $value"
        else
            echo "$id absent"
        fi
        ;;
    scan)
        pairs | awk -v id="$id" -v count="$count" '{ print id " key " $0 } END { print id " end " NR " " count }'
        ;;
    sync) echo "$id ok power $count" ;;
    close)
        echo "$id ok power $count"
        break
        ;;
    *) echo "$id failed unsupported $word" ;;
    esac
done
echo "end $count power"
