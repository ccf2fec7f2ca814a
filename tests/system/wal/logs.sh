# SPDX-License-Identifier: Apache-2.0
# logs.sh - logs for tests, written by log_maker and damaged.  Sourced; wants $MAKER, $scratch, $log
# and fail.

# story: two engines one after the other, the second with more room, a snapshot between them.
story() {
    cat <<'END'
start 100
{"cmd":"OpenAccount","t":1790000000000000001,"account":1}
{"cmd":"OpenAccount","t":1790000000000000002,"account":2}
{"cmd":"Deposit","t":1790000000000000003,"account":1,"amount":100}
{"cmd":"Deposit","t":1790000000000000003,"account":2,"amount":100}
operator market open 7
{"cmd":"OpenMarket","t":1790000000000000004,"market":7,"kind":"BINARY","tick":0.01,"min_size":1,"commission":0.02}
digest
snapshot
start 200
{"cmd":"PlaceOrder","t":1790000001000000005,"account":1,"market":7,"side":"BUY","outcome":"YES","price":0.6,"size":10,"ref":"a \"command\":{} b"}
{"cmd":"PlaceOrder","t":1790000001000000006,"account":2,"market":7,"side":"BUY","outcome":"NO","price":0.4,"size":4}
{"cmd":"CancelOrder","t":1790000001000000007,"account":1,"order":1}
{"cmd":"SettleMarket","t":1790000001000000008,"market":7,"result":"YES"}
digest
stop
END
}

# later_story: a bet that is held and meets another through the other runner (market 7, bets 1 and
# 2), and a non-runner (market 8, bet 3).
later_story() {
    cat <<'END'
start 100
{"cmd":"OpenAccount","t":1000000000,"account":1}
{"cmd":"OpenAccount","t":1000000000,"account":2}
{"cmd":"Deposit","t":1000000000,"account":1,"amount":100}
{"cmd":"Deposit","t":1000000000,"account":2,"amount":100}
{"cmd":"OpenMarket","t":1000000000,"market":7,"kind":"ODDS","runners":[8,9],"winners":1,"min_size":1,"commission":0,"bet_delay":5000,"implied":true}
{"cmd":"DescribeMarket","t":1000000000,"market":7,"text":"Holmø\u007f"}
{"cmd":"TurnInPlay","t":1000000000,"market":7}
{"cmd":"PlaceOrder","t":2000000000,"account":1,"market":7,"runner":8,"side":"BACK","price":3,"size":10}
{"cmd":"PlaceOrder","t":3000000000,"account":2,"market":7,"runner":9,"side":"BACK","price":1.5,"size":20}
{"cmd":"SetBetDelay","t":9000000000,"market":7,"bet_delay":0}
{"cmd":"OpenMarket","t":9000000000,"market":8,"kind":"ODDS","runners":[7,8,9],"winners":1,"min_size":1,"commission":0,"reductions":true,"ladder":"FINEST"}
{"cmd":"PlaceOrder","t":9000000000,"account":1,"market":8,"runner":8,"side":"BACK","price":3.33,"size":10}
{"cmd":"RemoveRunner","t":9000000000,"market":8,"runner":9,"factor":12.5}
digest
stop
END
}

# orders COUNT: a story without its end: as many orders, one a commit.
orders() {
    local i
    echo 'start 100'
    echo '{"cmd":"OpenAccount","t":1,"account":1}'
    echo '{"cmd":"Deposit","t":1,"account":1,"amount":1000000}'
    echo '{"cmd":"OpenMarket","t":1,"market":7,"kind":"BINARY","tick":0.01,"min_size":1,"commission":0}'
    for ((i = 4; i <= $1; i++)); do
        printf '{"cmd":"PlaceOrder","t":%d,"account":1,"market":7,"side":"BUY","outcome":"YES","price":0.5,"size":1}\n' $i
    done
}

# make [EVENTS]: writes $log, with segments of so many events, from the story on standard input.
make() {
    "$MAKER" "$log" "${1:-4}" > "$scratch/events" 2> "$scratch/made" ||
        fail "log_maker: $(cat "$scratch/made")"
}

# segment NUMBER: the path of the segment's file.
segment() {
    ls "$log"/segments/*-"$(printf '%010d' "$1")".mdb
}

# poke FILE OFFSET: changes one byte.
poke() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf '%b' "$(printf '\\x%02x' $((byte ^ 0x55)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# damage_order FILE SEQ: changes a byte in every copy of the PlaceOrder that asks for event SEQ.
damage_order() {
    local offset
    for offset in $(python3 -c 'import sys
data = open(sys.argv[1], "rb").read()
frame = b"\x01\x0a" + int(sys.argv[2]).to_bytes(8, "little")  # kind, type, seq
at = data.find(frame)
while at >= 0:
    print(at - 6)
    at = data.find(frame, at + 1)' "$1" "$2"); do
        poke "$1" $((offset + 60))
    done
}
