#!/bin/bash
# The installed package under a real systemd (scripts/service-box): each check is a line.
#
# /payload has the package and the programs beside this file. Every wait has an end.
cd /payload || exit 1
count=0 failed=0
ok() { # sentence, command
  count=$((count + 1))
  if eval "$2"; then
    echo "ok $count $1"
  else
    echo "not ok $count $1   [$2]"
    failed=$((failed + 1))
  fi
}
wait_for() { # command
  for _ in $(seq 600); do
    eval "$1" && return 0
    sleep 0.1
  done
  return 1
}
# A busy machine is slower than the bar: that is said, and only ten times as much is a failure.
within() { # value, bar
  [ "$1" -le "$2" ] || echo "# above its bar of $2 ms: $1"
  [ "$1" -le $((10 * $2)) ]
}
of() { systemctl show -P "$2" "$1"; } # unit, property
now() { date +%s%3N; }
member() { setpriv --reuid=12345 --regid=12345 --groups="$(getent group ndisprot | cut -d: -f3)" -- "$@"; }
outsider() { setpriv --reuid=12346 --regid=12346 --clear-groups -- "$@"; }
package=$(ls ndisprot_*.deb)
module=$(ls python3-ndisprot_*.deb)
as_options() { echo "NDISPROTD_OPTIONS=\"$*\"" >/etc/default/ndisprotd; }
journal() { journalctl -q --no-pager -u ndisprotd.service "$@"; }
field() { python3 -c 'import json,sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }
received() { ip -s -j link show "$1" | python3 -c 'import json,sys; print(json.load(sys.stdin)[0]["stats64"]["rx"]["packets"])'; }
drop_in() { # lines of a drop-in of the service, or none
  mkdir -p /run/systemd/system/ndisprotd.service.d
  printf '%s\n' "$@" >/run/systemd/system/ndisprotd.service.d/suite.conf
  systemctl daemon-reload
}
# After a failure on purpose, as an administrator does it.
mended() {
  rm -rf /run/systemd/system/ndisprotd.service.d
  systemctl daemon-reload
  systemctl reset-failed ndisprotd.service ndisprot.socket 2>/dev/null
  systemctl restart ndisprot.socket
}

# A container's image may forbid packages to start anything.
rm -f /usr/sbin/policy-rc.d
printf 'FRAME-CONTENT%.0s' 1 2 3 4 5 >/payload/secret
# What boots by itself; it empties /tmp.
systemctl start basic.target
scratch=/run/suite
mkdir -m 1777 $scratch
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
ip link set lo up
ip link add np0 type veth peer name np1
ip link set np0 up
ip link set np1 up

# --- Installing

ok "systemd is PID 1" '[ "$(cat /proc/1/comm)" = systemd ]'
find /etc /usr /var /opt /run -path $scratch -prune -o -print 2>/dev/null | grep -v ^/var/cache/man | sort >$scratch/before
# Where AppArmor 4 is, this file is; Debian 12 has 3, which can read all of the profile but the new rule.
rm -rf /etc/apparmor.d/abi/4.0
mkdir -p /etc/apparmor.d/abi
touch /etc/apparmor.d/abi/4.0
started=$(now)
ok "the package installs" 'dpkg -i --force-unsafe-io "$package" >$scratch/dpkg.log 2>&1 || { cat $scratch/dpkg.log; false; }'
echo "# installed in $(($(now) - started)) ms"

# --- The way of the README, line by line: as root what begins with sudo, else as the user it names

useradd -M alice
ip link add eth0 type veth peer name far0
ip link set eth0 up
ip link set far0 up
announce() { # LLDP frames from the other end of the cable
  python3 -c 'import socket, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("far0", 0))
for _ in range(40):
    wire.send(bytes.fromhex("0180c200000e02000000000988cc") + bytes(46))
    time.sleep(0.1)'
}
# From the line behind the package's own on; building is not what is tried here.
sed -n '/^## Install/,/^## /s/^    //p' /usr/share/doc/ndisprot/README.md | sed 's/ *#.*//' |
  sed '1,/apt-get install .*\.deb/d; /^sudo ndisprotd /,$d' >$scratch/readme
announce &
while IFS= read -r line; do
  case $line in
    "sudo "*) ok "README, as root: $line" "${line#sudo } >$scratch/readme.out 2>&1 || { cat $scratch/readme.out; false; }" ;;
    *read*) ok "README, as alice: $line" "setpriv --reuid=alice --regid=alice --init-groups -- timeout 5 $line -n 1 >$scratch/readme.out 2>&1; s=\$?; cat $scratch/readme.out; [ \$s = 0 ]" ;;
    *doctor*) ok "README, as alice: $line" "setpriv --reuid=alice --regid=alice --init-groups -- $line >$scratch/readme.out 2>&1; cat $scratch/readme.out; ! grep -q '^FAIL' $scratch/readme.out" ;;
    *) ok "README: $line is known to this test" false ;;
  esac
done <$scratch/readme
ok "README: its lines were played" '[ "$(wc -l <$scratch/readme)" = 4 ]'
wait

# --- The audit, asked as ndisprotd(8) says: alice has read eth0, and is now denied something

ok "ndisprotctl ends with 6 where no rule allows it" \
  'setpriv --reuid=alice --regid=alice --init-groups -- timeout 20 ndisprotctl read eth0 --ethertype 0x88b6 --timeout 1 >/dev/null 2>&1; [ $? = 6 ]'
zcat /usr/share/man/man8/ndisprotd.8.gz | sed -n 's/^\.Dl \(journalctl .*\)/\1/p' | sed 's/\\-/-/g' >$scratch/journal-lines
while IFS= read -r line; do
  ok "ndisprotd(8): $line" "wait_for '[ -n \"\$(timeout 5 $line -q --no-pager)\" ]'"
done <$scratch/journal-lines
ok "ndisprotd(8): its lines were played" '[ "$(wc -l <$scratch/journal-lines)" -ge 4 ]'
ok "the audit names user and program" 'journal NDISPROT_EVENT=denied | grep -q "denied: alice ([0-9]*, ndisprotctl [0-9]*) open eth0 local2: "'

# --- Metrics for node_exporter

made=
for directory in /var/lib/prometheus /var/lib/prometheus/node-exporter; do
  [ -d $directory ] || { mkdir $directory && made="$directory $made"; }
done
metrics=/var/lib/prometheus/node-exporter/ndisprot.prom
ok "ndisprot-metrics.service writes the file" \
  'systemctl start ndisprot-metrics.service && grep -qx "ndisprot_up 1" $metrics && grep -q "user=\"alice\"" $metrics && [ "$(stat -c %a $metrics)" = 644 ]'
systemctl stop ndisprot.socket ndisprotd.service 2>/dev/null
ok "and removes it when the daemon is gone, without a failure, and without starting it" \
  'systemctl start ndisprot-metrics.service && [ ! -e $metrics ] && [ "$(systemctl is-active ndisprotd.service)" = inactive ]'
systemctl start ndisprot.socket
ok "ndisprot-metrics.timer can be started" 'systemctl start ndisprot-metrics.timer && systemctl stop ndisprot-metrics.timer ndisprot-metrics.service'
rm -f $metrics
# shellcheck disable=SC2086
[ -z "$made" ] || rmdir $made

rm -f /etc/ndisprot/conf.d/*
systemctl stop ndisprotd.service 2>/dev/null
ip link del eth0

# --- What an installation must stand

step=/etc/ndisprot/ndisprotd.toml
cp $step $scratch/empty.toml
printf '[[binding]]\ninterface = "np*"\n[[rule]]\nname = "t"\nuser = "12345"\ninterface = "np*"\nethertypes = ["local"]\nrights = ["read"]\n' >>$step
rm /etc/default/ndisprotd
ok "a missing /etc/default/ndisprotd harms nothing" 'systemctl stop ndisprotd.service; member ndisprotctl bindings | grep np0'
useradd -M temp
printf '[[rule]]\nname = "gone"\nuser = "temp"\ninterface = "np*"\nethertypes = ["any"]\nrights = ["read"]\n' >>$step
userdel temp
ok "a rule for a user who was deleted is a warning, and all others are served" \
  'systemctl restart ndisprotd.service && member ndisprotctl bindings | grep -q np0 && journal | grep "rule \"gone\": there is no user .temp."'
useradd -M temp
ok "and holds when the user is there, without a reload" \
  'wait_for "journal | grep -q \"users or groups changed\"" && ndisprotctl policy explain temp np0 any | grep -q gone'
userdel temp
as_options --no-such-option
systemctl stop ndisprotd.service
for _ in 1 2 3; do member timeout 3 ndisprotctl bindings >/dev/null 2>&1; done
ok "options that are wrong turn clients away, and the socket stays" '[ "$(systemctl is-active ndisprot.socket)" = active ]'
as_options
cp --remove-destination "$(readlink -f /lib64/ld-linux-x86-64.so.2)" /usr/lib64/ld-linux-x86-64.so.2
systemctl reset-failed ndisprotd.service 2>/dev/null
ok "a loader below /usr/lib64, as other distributions have it" 'member ndisprotctl bindings | grep np0'
ln -sf /lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 /usr/lib64/ld-linux-x86-64.so.2
ip netns add blue
ip -n blue link add nb0 type veth peer name nb1
mkdir -p /etc/ndisprot/blue
printf '[[binding]]\ninterface = "nb*"\n' >/etc/ndisprot/blue/ndisprotd.toml
ok "ndisprotd@ serves another network namespace" \
  'systemctl start ndisprot@blue.socket && ndisprotctl --socket /run/ndisprot-blue.sock bindings | grep nb0 && systemctl reload ndisprotd@blue.service'
systemctl stop ndisprot@blue.socket ndisprotd@blue.service
ip netns del blue
rm -r /etc/ndisprot/blue
systemctl stop ndisprotd.service
cp $scratch/empty.toml $step
as_options --interface np0 --interface np1 --allow :ndisprot
ok "where AppArmor 4 is, its profile for ndisprotctl run is installed" \
  'grep -q "^profile ndisprotctl /usr/bin/ndisprotctl flags=(unconfined)" /etc/apparmor.d/ndisprotctl && grep -qx "  userns," /etc/apparmor.d/ndisprotctl'
ok "AppArmor reads the profile" \
  'sed "s,<abi/4.0>,<abi/3.0>,; /userns,/d" /etc/apparmor.d/ndisprotctl >$scratch/profile && apparmor_parser --skip-kernel-load --skip-cache $scratch/profile'
ok "python3-ndisprot installs, and a member reads through it" \
  'dpkg -i --force-unsafe-io "$module" >$scratch/dpkg.log 2>&1 || { cat $scratch/dpkg.log; false; }; member /usr/bin/python3 -c "import ndisprot; print([binding.name for binding in ndisprot.bindings()])" | grep np0'
ok "python3-ndisprot goes without leaving a file" \
  'dpkg --purge python3-ndisprot >$scratch/dpkg.log 2>&1 && [ ! -e /usr/lib/python3/dist-packages/ndisprot ]'
systemctl stop ndisprotd.service
ok "systemd-analyze verify is clean" \
  'v=$(systemd-analyze verify ndisprotd.service ndisprot.socket 2>&1 | grep -i ndisprot); echo "$v"; [ -z "$v" ]'
ok "systemd-analyze security is at most 1.5" \
  'systemd-analyze security --no-pager --threshold=15 ndisprotd.service >$scratch/security; s=$?; tail -n 1 $scratch/security; [ $s = 0 ]'
makewhatis /usr/share/man 2>/dev/null
ok "mandoc -Tlint is clean on the installed pages" \
  'v=$(for page in /usr/share/man/man?/ndisprot*; do mandoc -Tlint "$page" 2>&1; done | grep -vP "lacks .* entry|referenced manual not found: Xr (?!ndisprot)"); echo "$v"; [ -z "$v" ]'
bash_completes() { # what is offered behind a word
  bash -O extglob -c 'source /usr/share/bash-completion/completions/$0
    COMP_WORDS=($0 "$1") COMP_CWORD=1 COMP_LINE="$0 $1" COMP_POINT=$((${#0} + 1 + ${#1}))
    _$0 $0 "$1" $0; printf "%s\n" "${COMPREPLY[@]}"' "$1" "$2"
}
ok "bash completes subcommands and options" \
  'bash_completes ndisprotctl statu | grep -qx status && bash_completes ndisprotd --lock | grep -qx -- --lock-memory'
ok "zsh loads its completions" \
  '[ "$(zsh -fc "autoload -Uz compinit && compinit -D -u && autoload +X _ndisprotctl _ndisprotd && print \$_comps[ndisprotctl] \$_comps[ndisprotd]")" = "_ndisprotctl _ndisprotd" ]'
ok "fish completes subcommands and options" \
  '[ -n "$(HOME=$scratch fish -c "complete --do-complete \"ndisprotctl statu\"" | grep "^status")" ] && [ -n "$(HOME=$scratch fish -c "complete --do-complete \"ndisprotd --lock\"" | grep -- "^--lock-memory")" ]'
keys() { # every key that the configuration knows, as its refusals name them
  local table
  for table in "" "[daemon]" "[[binding]]" "[[rule]]"; do
    printf '%s\nno_such_key = 1\n' "$table" >$scratch/keys.toml
    chmod 644 $scratch/keys.toml
    ndisprotd --config $scratch/keys.toml --check-config 2>&1 |
      sed -n 's/.*write one of: //p' | tr -d ' ' | tr ',' '\n'
  done | sort -u
}
unexplained() { # keys that a page or the example does not name
  local key
  for key in $(keys); do
    zgrep -Eq "^\.I[tc] .*\b$key\b|\[$key\]" /usr/share/man/man5/ndisprotd.toml.5.gz || echo "man page: $key"
    grep -Eq "\b$key\b" /usr/share/doc/ndisprot/examples/all-keys.toml || echo "example: $key"
  done
}
ok "ndisprotd.toml(5) and the shipped example name every key" \
  '[ "$(keys | wc -l)" -ge 20 ] && v=$(unexplained); echo "$v"; [ -z "$v" ]'
privileged() { # files of the package that give whoever executes them more rights
  dpkg-deb -R "$package" $scratch/unpacked
  getcap -r $scratch/unpacked
  dpkg -L ndisprot | while read -r file; do [ ! -f "$file" ] || getcap "$file"; done
  find $scratch/unpacked -type f -perm /6000
  grep -rl setcap $scratch/unpacked/DEBIAN
}
ok "R2: no file of the package has a capability, or gets one" 'v=$(privileged); echo "$v"; [ -z "$v" ]'
ok "the package depends on three libraries, and tells what is built in" \
  'dpkg-deb -f "$package" Depends | grep -Eqx "libpcap0.8 \| libpcap0.8t64, libgcc-s1, libc6 \(>= [0-9.]+\), passwd, init-system-helpers .*" && grep -q swift-argument-parser /usr/share/doc/ndisprot/sbom.spdx.json'

# --- Start by the first connection

ok "the socket is active and the service is not" \
  '[ "$(systemctl is-active ndisprot.socket)/$(systemctl is-active ndisprotd.service)" = active/inactive ]'
ok "the socket belongs to root and the group, 0660" '[ "$(stat -c %U:%G:%a /run/ndisprot.sock)" = root:ndisprot:660 ]'
ok "status starts nothing, says that the first connection will, and ends with 3" \
  'ndisprotctl status 2>$scratch/error; r=$?; cat $scratch/error; [ $r = 3 ] && grep -q "first connection to /run/ndisprot.sock starts it" $scratch/error && [ "$(systemctl is-active ndisprotd.service)" = inactive ]'
ok "the socket is enabled for the next boot" 'systemctl is-enabled -q ndisprot.socket'
started=$(now)
ok "the first connection of a member starts the service" \
  'member ndisprotctl bindings --json | grep -q "\"name\":\"np0\"" && systemctl is-active -q ndisprotd.service'
echo "# first answer after $(($(now) - started)) ms"
ok "the status says what is bound" 'of ndisprotd.service StatusText | grep -Eqx "bound np[01], np[01]"'
# A busy machine makes single starts slow; the quickest of five is the daemon's own.
for _ in 1 2 3 4 5; do
  systemctl restart ndisprotd.service
  echo $((($(of ndisprotd.service ActiveEnterTimestampMonotonic) - $(of ndisprotd.service ExecMainStartTimestampMonotonic)) / 1000))
  systemctl reset-failed ndisprotd.service
done >$scratch/starts
ok "start to READY takes at most 50 ms with 2 interfaces" \
  'echo "# ms:" $(cat $scratch/starts); t=$(sort -n $scratch/starts | head -n 1); [ $t -gt 0 ] && within $t 50'
ok "without an open the service has at most 13 MiB resident" \
  'k=$(sed -n "s/VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p" /proc/$(of ndisprotd.service MainPID)/status); echo "# resident: $k kB"; [ $k -gt 0 ] && [ $k -le $((13 << 10)) ]'
ok "B23: a hundred clients that are queued while it starts are all served" \
  'systemctl stop ndisprotd.service && [ "$(member python3 clients.py queue 100)" = 100 ] && systemctl is-active -q ndisprotd.service'
ok "status shows process, unit, socket and watchdog" \
  'ndisprotctl status | tee $scratch/status && grep -q "process $(of ndisprotd.service MainPID) of user ndisprot" $scratch/status && grep -q "ndisprotd.service active (running)" $scratch/status && grep -q "/run/ndisprot.sock, the service manager" $scratch/status && grep -q "watchdog .*every 5 s" $scratch/status'
drop_in "$(cat /usr/share/doc/ndisprot/examples/10-admin.conf)"
ok "the drop-in for CAP_NET_ADMIN gives that capability, and no other" \
  'systemctl restart ndisprotd.service && grep -q "CapEff:.0000000000003000" /proc/$(of ndisprotd.service MainPID)/status && grep -q "CapBnd:.0000000000003000" /proc/$(of ndisprotd.service MainPID)/status'
mended
member ndisprotctl bindings >/dev/null
ok "T17: who is not in the group is refused by the kernel" \
  'outsider ndisprotctl bindings 2>$scratch/error; r=$?; cat $scratch/error; [ $r = 6 ] && grep -q "group" $scratch/error'

# --- T23: what a compromised daemon could do

main=$(of ndisprotd.service MainPID)
ok "T23: it runs as its own user" '[ "$(stat -c %U /proc/$main)" = ndisprot ]'
ok "T23: every thread has CAP_NET_RAW only, no new privileges, and a filter of system calls" \
  '(for s in /proc/$main/task/*/status; do grep -q "CapPrm:.0000000000002000" $s && grep -q "CapEff:.0000000000002000" $s && grep -q "CapBnd:.0000000000002000" $s && grep -q "NoNewPrivs:.1" $s && grep -q "Seccomp:.2" $s || exit 1; done)'
ok "T23: its own file systems are read-only, and it has no Internet socket" \
  'grep -q " / / ro" /proc/$main/mountinfo && ! grep " /usr " /proc/$main/mountinfo | grep -q " rw[, ]" && ! for f in /proc/$main/fd/*; do readlink $f; done | sed -n "s/socket:\[\(.*\)\]/\1/p" | grep -wqFf - /proc/$main/net/tcp /proc/$main/net/udp /proc/$main/net/raw'
sed -e 's/^Type=.*/Type=oneshot/; s/^Restart=.*/Restart=no/; /^WatchdogSec/d; /^Requires/d; /^EnvironmentFile/d' \
  -e 's,^ExecStart=.*,ExecStart=/usr/bin/python3 /payload/probe.py,; s,^ExecPaths=,&/usr/bin/python3 ,' \
  -e "/^\[Service\]/a StandardOutput=truncate:$scratch/probe.json" \
  /usr/lib/systemd/system/ndisprotd.service >/run/systemd/system/probe.service
sed -i "s,^ExecPaths=,&$(readlink -f /usr/bin/python3) ," /run/systemd/system/probe.service
systemctl daemon-reload
systemctl start probe.service
cat $scratch/probe.json
probe() { python3 -c 'import json,sys; print(json.load(open(sys.argv[2]))[sys.argv[1]])' "$1" $scratch/probe.json; }
ok "T23: packet sockets work in the sandbox" '[ "$(probe packet)" = 0 ]'
ok "T23: no Internet sockets (EAFNOSUPPORT)" '[ "$(probe internet)" = 97 ]'
ok "T23: /usr and /etc are read-only" '[ "$(probe usr)/$(probe etc)" = 30/30 ]'
ok "T23: homes are hidden" '[ "$(probe home)" != 0 ]'
ok "T23: processes of others are seen, for their names in the audit" '[ "$(probe processes)" = 0 ]'
ok "T23: no namespaces and no other user" '[ "$(probe namespace)" = 1 ] && [ "$(probe root)" = 1 ]'
ok "T23: no memory that is written and executed" '[ "$(probe writeExecute)" != 0 ]'
ok "T23: no program can be executed" '[ "$(probe execute)" = 13 ]'

# --- T17: somebody else listens

outsider python3 fake.py $scratch/fake >$scratch/fake.out & fake=$!
wait_for '[ -s $scratch/fake.out ]'
chmod 666 $scratch/fake
ln -s $scratch/fake $scratch/link
ok "T17: a server that is neither root nor the daemon is not believed, nor through a symlink" \
  '(for path in $scratch/fake $scratch/link; do member ndisprotctl --socket $path bindings 2>$scratch/error && exit 1; grep -q "served by user 12346" $scratch/error || exit 1; done)'
kill $fake
ok "T17: nobody but root can make a socket where clients look" '! outsider touch /run/ndisprot.sock.new 2>/dev/null'

# --- Frames, journal

member ndisprotctl --json read np1 --ethertype 0x88b5 -n 10 --timeout 60 >$scratch/read & reader=$!
wait_for 'grep -q reading $scratch/read'
ok "frames travel between two bindings" \
  'member ndisprotctl write np0 -n 10 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff >/dev/null && wait $reader'
member python3 clients.py violate >$scratch/violation
entry() { journal "$1" -o json | tail -n 1 | field "$2"; } # a match, a field of the newest entry
ok "the journal has fields: MESSAGE_ID, NDISPROT_BINDING, NDISPROT_CLIENT" \
  '[ "$(entry NDISPROT_BINDING=np0 NDISPROT_BINDING)" = np0 ] && journal MESSAGE_ID=b5d58333f8a54967ad8fb04b304070b7 | grep -q "bound np0" && wait_for "entry MESSAGE_ID=ec060357bcc54ea58069a75a8d457527 NDISPROT_CLIENT | grep -q \"^uid 12345 pid\""'
kill -STOP "$(of systemd-journald.service MainPID)"
ok "B22: with journald stopped frames go on" \
  'timeout 60 setpriv --reuid=12345 --regid=12345 --groups="$(getent group ndisprot | cut -d: -f3)" ndisprotctl write np0 -n 10 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff >/dev/null'
kill -CONT "$(of systemd-journald.service MainPID)"

# --- Operations

ok "doctor finds nothing wrong with a good installation" 'member ndisprotctl doctor >$scratch/doctor; r=$?; grep FAIL $scratch/doctor; [ $r = 0 ]'
ok "doctor tells an outsider which group to join" 'outsider ndisprotctl doctor >$scratch/doctor; [ $? = 1 ] && grep -q "^FAIL  group: .*usermod -aG ndisprot 12346" $scratch/doctor && [ "$(grep -c ^FAIL $scratch/doctor)" = 1 ]'
ip link set np1 down
ok "doctor says that an interface is down, and how to set it up" 'ndisprotctl doctor >$scratch/doctor; [ $? = 1 ] && grep -q "^FAIL  link: np1 is down. Set it up: ip link set np1 up" $scratch/doctor'
ip link set np1 up
ip link add br0 type bridge && ip link set np1 master br0
ok "doctor says of which bridge an interface is a port" 'ndisprotctl doctor >$scratch/doctor; grep -q "^ok    bridge: np1 is a port of br0" $scratch/doctor'
ip link del br0
python3 -c 'import socket, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(("np1", 0))
print(flush=True)
time.sleep(20)' >$scratch/listens & listener=$!
wait_for '[ -s $scratch/listens ]'
ok "R9: doctor names to root the other programs that listen on an interface, and tells others whose they are" \
  'ndisprotctl doctor | grep "^ok    users: np1: packet sockets: .*python3" && member ndisprotctl doctor | grep "^ok    users: np1: packet sockets: .*a program of root that root could name"'
kill $listener
systemctl stop ndisprot.socket ndisprotd.service
ok "doctor says that the socket unit does not run, and what to do" 'ndisprotctl doctor >$scratch/doctor; [ $? = 1 ] && grep -q "^FAIL  unit: .*ndisprot.socket is inactive.*systemctl" $scratch/doctor && [ "$(grep -c ^FAIL $scratch/doctor)" = 1 ]'
systemctl start ndisprot.socket
member ndisprotctl write np0 -n 1 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff --payload /payload/secret >/dev/null
ok "report has units, counters and journal, and no byte of a frame" \
  'ndisprotctl report >$scratch/report && grep -q "ListenSequentialPacket" $scratch/report && grep -q "txSent" $scratch/report && grep -q "counters count from then" $scratch/report && grep -q "ready: socket" $scratch/report && ! grep -aq FRAME-CONTENT $scratch/report'

# --- B1: killed

# Under load: one client reads over all restarts, another writes until its daemon goes.
summary() { grep '"summary"' $scratch/written | python3 -c 'import json,sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
is_true_of_the_wire() { # what the writer was told, against what the far end received
  local wire=$(($(received np1) - first)) sent submitted
  sent=$(summary sent) submitted=$(summary submitted)
  echo "# wrote $submitted: sent $sent, on the wire $wire, failed $(summary failed)"
  # A frame of a moment's uncertainty is told as restarted, and sent once or not at all.
  [ "$sent" -gt 0 ] && [ "$sent" -le "$wire" ] && [ "$wire" -le "$submitted" ] &&
    [ "$(summary failed)" = "{'restarted': $((submitted - sent))}" ]
}
member ndisprotctl --json read np1 --ethertype 0x88b6 --reconnect >$scratch/resuming & resuming=$!
wait_for '[ "$(grep -c reading $scratch/resuming)" = 1 ]'
for round in 1 2 3; do
  first=$(received np1)
  member ndisprotctl --json write np0 -n 100000000 --batch 8 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff >$scratch/written & writer=$!
  wait_for '[ $(($(received np1) - first)) -gt 100 ]'
  main=$(of ndisprotd.service MainPID)
  started=$(now)
  kill -9 "$main"
  member ndisprotctl bindings >/dev/null
  echo $(($(now) - started)) | tee -a $scratch/back | sed 's/.*/# answered & ms after SIGKILL/'
  ok "B1: a client that was reading reads again within a second ($round)" \
    'wait_for "[ \"\$(grep -c reading $scratch/resuming)\" = $((round + 1)) ]"; t=$(($(now) - started)); echo "# $t ms"; within $t 1000'
  wait $writer
  code=$?
  ok "B1: the writer heard of each frame once, and no frame was sent twice ($round)" '[ $code = 3 ] && is_true_of_the_wire'
done
ok "B1: the reader that went on gets frames" \
  'member ndisprotctl write np0 -n 1 --ethertype 0x88b6 --dst ff:ff:ff:ff:ff:ff >/dev/null && wait_for "grep -q \"event\\\":\\\"frame\" $scratch/resuming"'
ok "B1: killed, it answers again within 300 ms" \
  'echo "# ms:" $(cat $scratch/back); within "$(sort -n $scratch/back | tail -n 1)" 300'
ok "B1: systemd counted the restarts, and status shows them" \
  '[ "$(of ndisprotd.service NRestarts)" = 3 ] && ndisprotctl status | grep -q "restarted 3 times"'
main=$(of ndisprotd.service MainPID)
kill -9 "$main"
ok "B1: it comes back without anybody who asks for it" \
  'wait_for "[ \"\$(of ndisprotd.service MainPID)\" != $main ] && systemctl is-active -q ndisprotd.service"; t=$((($(of ndisprotd.service ActiveEnterTimestampMonotonic) - $(of ndisprotd.service ActiveExitTimestampMonotonic)) / 1000)); echo "# $t ms"; within $t 300'

# --- B2: hangs

main=$(of ndisprotd.service MainPID)
started=$(now)
wait_for '[ "$(grep -c reading $scratch/resuming)" = 5 ]'
python3 hang.py "$main" bind-np1 15 & hang=$!
ok "B2: a data thread that hangs makes the watchdog restart it within WatchdogSec + 0.5 s" \
  'wait_for "[ \"\$(of ndisprotd.service MainPID)\" != $main ] && [ \"\$(systemctl is-active ndisprotd.service)\" = active ]"; t=$(($(now) - started)); echo "# $t ms"; within $t 5500'
wait $hang
main=$(of ndisprotd.service MainPID)
started=$(now)
kill -STOP "$main"
ok "B2: a daemon that is stopped as a whole is restarted too" \
  'wait_for "[ \"\$(of ndisprotd.service MainPID)\" != $main ] && [ \"\$(systemctl is-active ndisprotd.service)\" = active ]"; t=$(($(now) - started)); echo "# $t ms"; within $t 5500'
ok "B2: the journal names the thread and the watchdog" \
  'journal | grep -q "no answer from thread bind-np1" && journal | grep -qi "watchdog timeout"'
ok "it serves again" 'member ndisprotctl bindings >/dev/null'

# --- B24: upgraded while clients read

member ndisprotctl --json read np1 --ethertype 0x88b5 >$scratch/read & reader=$!
wait_for 'grep -q reading $scratch/read && [ "$(grep -c reading $scratch/resuming)" = 7 ]'
socket=$(stat -c %i /run/ndisprot.sock) main=$(of ndisprotd.service MainPID)
started=$(ndisprotctl --json status | field startedAt)
dpkg-deb -R "$package" $scratch/next
sed -i 's/^Version:.*/&+next/' $scratch/next/DEBIAN/control
dpkg-deb --root-owner-group -Znone -b $scratch/next $scratch/next.deb >/dev/null
ok "B24: an upgrade installs and keeps the options that were changed" \
  'dpkg -i --force-unsafe-io --force-confold $scratch/next.deb >$scratch/dpkg.log 2>&1 && grep -q np1 /etc/default/ndisprotd || { cat $scratch/dpkg.log; false; }'
wait $reader
code=$?
ok "B24: a reader without --reconnect was told that the daemon went (3), the other reads again" \
  '[ $code = 3 ] && wait_for "[ \"\$(grep -c reading $scratch/resuming)\" = 8 ]"'
ok "B24: the daemon is a new one, the socket stayed, and clients go on" \
  '[ "$(of ndisprotd.service MainPID)" != "$main" ] && [ "$(stat -c %i /run/ndisprot.sock)" = "$socket" ] && member ndisprotctl bindings >/dev/null'
ok "B24: counters restarted, and startedAt says when" \
  '[[ "$(ndisprotctl --json status | field startedAt)" > "$started" ]] && [ "$(ndisprotctl --json stats np0 | field rxFrames)" = 0 ]'
kill $(pgrep -P $resuming)
wait $resuming

# --- Bad input

ok "bad input: a second daemon says whose socket it is, and leaves it alone (73)" \
  'ndisprotd --interface np0 2>$scratch/error; [ $? = 73 ] && grep -q "another daemon answers" $scratch/error && member ndisprotctl bindings >/dev/null'
systemctl stop ndisprotd.service
as_options --interface np0 --no-such-option
member timeout 3 ndisprotctl bindings >/dev/null 2>&1
ok "bad input: options that are wrong at boot: the journal says what to write, nothing is restarted for ever" \
  'wait_for "journal | grep -q no-such-option" && wait_for "systemctl is-failed -q ndisprotd.service"'
ok "bad input: the network is as it was" 'ip link show np0 | grep -q "state UP" && ip link show np1 | grep -q "state UP"'
ok "bad input: status says that the service failed, and the remedy" \
  'ndisprotctl status 2>$scratch/error; r=$?; cat $scratch/error; [ $r = 3 ] && grep -q "has failed.*journalctl -u ndisprotd.service.*systemctl reset-failed" $scratch/error'
as_options --interface np0 --interface np1 --allow :ndisprot
mended
ok "once they are right it starts again" 'member ndisprotctl bindings >/dev/null'
systemctl stop ndisprotd.service
drop_in "[Service]" ExecStart= ExecStart=/usr/sbin/no-such-program
member timeout 3 ndisprotctl bindings >/dev/null 2>&1
ok "bad input: a program that is not there: doctor and status say that the service failed, and what to do" \
  'wait_for "systemctl is-failed -q ndisprotd.service"; ndisprotctl doctor >$scratch/doctor; grep "^FAIL  unit: .*ndisprotd.service has failed.*journalctl" $scratch/doctor && ndisprotctl status 2>&1 | grep "has failed"'
mended
drop_in "[Unit]" "NoSuchDirective=yes" "[Service]" "NoSuchProtection=strict"
ok "bad input: a systemd that does not know some directives starts it all the same, and says which" \
  'systemctl restart ndisprotd.service && member ndisprotctl bindings >/dev/null && journalctl -q --no-pager | grep -q "NoSuchProtection.*ignoring"'
mended
systemctl stop ndisprotd.service ndisprot.socket
groupmod -n elsewhere ndisprot
systemctl start ndisprot.socket 2>/dev/null
ok "bad input: no group: the socket does not start, and doctor says how to make it" \
  '! systemctl is-active -q ndisprot.socket; ndisprotctl doctor >$scratch/doctor; grep "^FAIL  group: there is no group ndisprot, .*Make it: systemd-sysusers" $scratch/doctor'
groupmod -n ndisprot elsewhere
systemctl mask --runtime -q ndisprot.socket
ok "bad input: no socket unit: the service does not start, and doctor says what to do" \
  '! systemctl start ndisprotd.service 2>$scratch/error; cat $scratch/error; ndisprotctl doctor >$scratch/doctor; grep "^FAIL  unit: .*there is no socket /run/ndisprot.sock, and ndisprot.socket is masked. Unmask it" $scratch/doctor'
systemctl unmask --runtime -q ndisprot.socket
mended
mkdir $scratch/full
mount -t tmpfs -o size=4k tmpfs $scratch/full
head -c 8192 /dev/zero >$scratch/full/log 2>/dev/null
ok "bad input: a log on a full disk stops nothing" \
  'ndisprotd --interface np0 --socket $scratch/own 2>>$scratch/full/log & own=$!; wait_for "ndisprotctl --socket $scratch/own bindings >/dev/null 2>&1"; r=$?; kill $own; wait $own && [ $r = 0 ]'

ok "bad input: metrics into a file on a full disk say so, and leave the file and its directory as they were" \
  'member ndisprotctl bindings >/dev/null; ! ndisprotctl metrics --file $scratch/full/log 2>$scratch/error; cat $scratch/error; grep -q "cannot be written.*No space left" $scratch/error && [ "$(ls -A $scratch/full)" = log ]'
drop_in "[Unit]" StartLimitBurst=2
for _ in 1 2 3; do
  member ndisprotctl bindings >/dev/null 2>&1
  kill -9 "$(of ndisprotd.service MainPID)"
  wait_for '[ "$(systemctl is-active ndisprotd.service)" != activating ] && [ "$(of ndisprotd.service SubState)" != auto-restart ]'
done
ok "bad input: a daemon that dies again and again is given up, and status says how to begin anew" \
  'wait_for "systemctl is-failed -q ndisprotd.service"; ndisprotctl status 2>$scratch/error; cat $scratch/error; grep -q "has failed (.*systemctl reset-failed ndisprotd.service ndisprot.socket; systemctl restart ndisprot.socket" $scratch/error'
rm -rf /run/systemd/system/ndisprotd.service.d
systemctl daemon-reload
eval "$(sed -n "s/.*then: \(systemctl reset-failed.*\)/\1/p" $scratch/error)"
ok "bad input: and what status says works" 'member ndisprotctl bindings >/dev/null'

# --- The configuration file, and reload

configuration=/etc/ndisprot/ndisprotd.toml
as_options ""
cp $configuration $scratch/shipped.toml
ok "the shipped configuration is right, and gives nobody but root anything" \
  'ndisprotd --check-config && systemctl restart ndisprotd.service && ! member ndisprotctl read np0 -n 1 2>$scratch/error && cat $scratch/error'
ok "doctor says what to ask for when no rule names the user" \
  'member ndisprotctl doctor >$scratch/doctor; [ $? = 1 ] && grep "^FAIL  policy: .*no rule lets 12345 use one.*policy add 12345" $scratch/doctor'
cat >$configuration <<'END'
[[binding]]
interface = "np*"
[[rule]]
name = "members"
group = "ndisprot"
interface = "np0"
ethertypes = ["0x88b5"]
rights = ["read", "write"]
END
ok "a reload takes a good file over, and says so by its status" \
  'systemctl reload ndisprotd.service && member ndisprotctl --json bindings | grep -q "\"name\":\"np0\""'
ok "what the file does not give is denied, and the denial names what is missing" \
  'member ndisprotctl write np0 --ethertype 0x888e --dst ff:ff:ff:ff:ff:ff -n 1 2>$scratch/error; r=$?; cat $scratch/error; [ $r = 6 ]'
ok "a reload by SIGHUP is told to systemd, and is over" \
  'kill -HUP $(of ndisprotd.service MainPID); wait_for "[ \$(journal | grep -c \"reloaded: 1 rules\") -ge 2 ]" && wait_for "[ \$(of ndisprotd.service SubState) = running ]"'
echo 'rights = 7' >>$configuration
ok "a reload of a bad file fails, says why, and changes nothing" \
  '! systemctl reload ndisprotd.service 2>/dev/null && journal | grep -q "not reloaded" && member ndisprotctl write np0 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff -n 1 >/dev/null'
ok "status shows the file in force and the reload that was refused" \
  'ndisprotctl status | tee $scratch/status | grep "REFUSED, the old configuration stays: $configuration:9:" && grep -q "$configuration, 1 rule, read .* by reload 2" $scratch/status'
ok "the unit's status shows the refusal too" \
  'wait_for "of ndisprotd.service StatusText | grep -q \"not reloaded: $configuration:9:\""; of ndisprotd.service StatusText | grep "^bound np0, np1; not\|^bound np1, np0; not"'
systemctl stop ndisprotd.service
printf '[[rule]\n' >$configuration
member timeout 3 ndisprotctl bindings >/dev/null 2>&1
ok "bad input: a configuration that is broken at boot: clients, the unit and status say file, line and cause, and all stays up" \
  'member ndisprotctl bindings 2>&1 | grep "$configuration:1:"; member ndisprotctl bindings 2>&1 | grep -q "$configuration:1:" && of ndisprotd.service StatusText | grep -q "$configuration:1:" && ndisprotctl status | grep -q "$configuration:1:" && systemctl is-active -q ndisprotd.service ndisprot.socket'
process=$(of ndisprotd.service MainPID)
cp $scratch/shipped.toml $configuration
ok "bad input: a mended file is taken by a reload of the same process" \
  'systemctl reload ndisprotd.service && member ndisprotctl bindings >/dev/null; [ "$process" = "$(of ndisprotd.service MainPID)" ]'
ok "bad input: and the network is as it was" 'ip link show np0 | grep -q "state UP" && ip link show np1 | grep -q "state UP"'
cp $scratch/shipped.toml $configuration
mended

# --- Memory that stays

# The overlay of the box lies in memory itself, and nothing of it can be taken: the disk of /payload can.
dpkg-deb -x "$package" disk && sync -f disk
faults() { # options of the daemon: its major faults while the kernel took all it could
  local own before
  disk/usr/sbin/ndisprotd --interface np0 --socket $scratch/own "$@" 2>$scratch/own.log & own=$!
  wait_for "ndisprotctl --socket $scratch/own bindings >/dev/null 2>&1"
  ndisprotctl --json --socket $scratch/own read np0 --ethertype 0x88b5 >$scratch/read & reader=$!
  wait_for "grep -q reading $scratch/read"
  [ $# = 0 ] || python3 unlocked.py $own >$scratch/unlocked
  before=$(python3 pressure.py $own)
  ndisprotctl --socket $scratch/own write np0 -n 100 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff >/dev/null
  ndisprotctl --socket $scratch/own query np0 current-address >/dev/null
  echo $(($(awk '{ print $12 }' /proc/$own/stat) - before))
  kill $reader $own
  wait $own
}
free=$(faults) held=$(faults --lock-memory)
ok "memory pressure: without lock_memory it costs major faults ($free), with it none" \
  'cat $scratch/own.log; [ "$free" -gt 0 ] && [ "$held" = 0 ]'
ok "lock_memory: text, rings and queues are locked" 'cat $scratch/unlocked; [ ! -s $scratch/unlocked ]'
printf '[daemon]\nlock_memory = true\n[[binding]]\ninterface = "np*"\n' >$configuration
drop_in "$(cat /usr/share/doc/ndisprot/examples/20-lock-memory.conf)"
systemctl restart ndisprotd.service
if ! grep -q "Max locked memory  *unlimited" /proc/$(of ndisprotd.service MainPID)/limits; then
  echo "# systemd may not raise the limit here: CAP_IPC_LOCK instead"
  drop_in "[Service]" AmbientCapabilities=CAP_IPC_LOCK CapabilityBoundingSet=CAP_IPC_LOCK
fi
ok "lock_memory = true locks the memory of the service with the drop-in of the examples" \
  'systemctl restart ndisprotd.service && [ "$(ndisprotctl --json status | field memoryLocked)" = True ] && ! grep -q "VmLck:[[:space:]]*0 kB" /proc/$(of ndisprotd.service MainPID)/status'
ok "lock_memory: a start with a broken file, mended and reloaded, locks too" \
  'cp $configuration $scratch/locked.toml; echo "[[rule]" >>$configuration; systemctl restart ndisprotd.service; [ "$(ndisprotctl --json status | field memoryLocked)" = False ] && cp $scratch/locked.toml $configuration && systemctl reload ndisprotd.service && [ "$(ndisprotctl --json status | field memoryLocked)" = True ]'
ok "lock_memory: a reload without it lets memory go" \
  'sed -i "/lock_memory/d" $configuration && systemctl reload ndisprotd.service && grep -q "VmLck:[[:space:]]*0 kB" /proc/$(of ndisprotd.service MainPID)/status; s=$?; cp $scratch/locked.toml $configuration; [ $s = 0 ]'
mended
ok "lock_memory = true without it says what is missing, and serves" \
  'systemctl restart ndisprotd.service && [ "$(ndisprotctl --json status | field memoryLocked)" = False ] && journal | grep -q "LimitMEMLOCK=infinity"'

# --- A realtime binding

printf '[[binding]]\ninterface = "np*"\nprofile = "realtime"\nscheduling = "fifo:50"\ncpus = [0]\n' >$configuration
placed() { # what chrt and taskset say of the thread of np0, while somebody reads from it
  systemctl restart ndisprotd.service
  ndisprotctl --json read np0 --ethertype 0x88b5 >$scratch/read & local reader=$!
  wait_for "grep -q reading $scratch/read"
  local task
  task=$(grep -lx bind-np0 /proc/$(of ndisprotd.service MainPID)/task/*/comm)
  task=${task%/comm}
  chrt -p ${task##*/}
  grep Cpus_allowed_list $task/status
  kill $reader
  wait $reader
}
ok "realtime without its drop-in says what is missing, and serves" \
  'placed >$scratch/placed; ! grep -q SCHED_FIFO $scratch/placed && journal | grep -q "the thread does not get the priority fifo:50.*LimitRTPRIO=50" && journal | grep -q "the thread does not stay on processor 0.*30-realtime.conf"'
drop_in "$(cat /usr/share/doc/ndisprot/examples/30-realtime.conf)"
systemctl restart ndisprotd.service
if ! grep -q "Max realtime priority  *50" /proc/$(of ndisprotd.service MainPID)/limits; then
  echo "# systemd may not raise the limit here: what the drop-in lets through of the sandbox is tested without it"
  drop_in "$(grep -v Limit /usr/share/doc/ndisprot/examples/30-realtime.conf)" \
    AmbientCapabilities=CAP_SYS_NICE CapabilityBoundingSet=CAP_SYS_NICE
fi
ok "realtime with the drop-in of the examples has its priority and its processor" \
  'placed >$scratch/placed; cat $scratch/placed; grep -q "SCHED_FIFO" $scratch/placed && grep -q "priority: 50" $scratch/placed && grep -qx "Cpus_allowed_list:[[:space:]]*0" $scratch/placed'
mended
cp $scratch/shipped.toml $configuration

# --- Many interfaces

systemctl stop ndisprotd.service
options=
for index in $(seq 250); do
  echo "link add a$index type veth peer name b$index"
  options+=" --interface a$index --interface b$index"
done >$scratch/links
ip -batch $scratch/links
as_options "$options"
ok "start to READY takes at most 2 s with 500 interfaces" \
  'systemctl start ndisprotd.service; t=$((($(of ndisprotd.service ActiveEnterTimestampMonotonic) - $(of ndisprotd.service ExecMainStartTimestampMonotonic)) / 1000)); echo "# $t ms"; [ $t -gt 0 ] && within $t 2000 && [ "$(ndisprotctl --json bindings | wc -l)" = 500 ]'

# --- Removing

ok "it stops cleanly" \
  'systemctl stop ndisprotd.service && [ "$(of ndisprotd.service Result)" = success ]'
gpasswd -d alice ndisprot >/dev/null
ok "the package is purged" 'dpkg --purge ndisprot >$scratch/dpkg.log 2>&1 || { cat $scratch/dpkg.log; false; }'
rm -f /run/systemd/system/probe.service
ok "purge leaves no unit, socket, account or group" \
  '[ ! -e /run/ndisprot.sock ] && ! getent passwd ndisprot && ! getent group ndisprot && [ "$(systemctl list-unit-files --no-legend "ndisprot*" | wc -l)" = 0 ]'
find /etc /usr /var /opt /run -path $scratch -prune -o -print 2>/dev/null | grep -v ^/var/cache/man | sort >$scratch/after
ok "purge leaves no file" \
  'v=$(comm -13 $scratch/before $scratch/after | grep -i ndisprot); echo "$v"; [ -z "$v" ]'

rm /etc/apparmor.d/abi/4.0
ok "without AppArmor 4 no profile is installed" \
  'dpkg -i --force-unsafe-io "$package" >$scratch/dpkg.log 2>&1 && [ ! -e /etc/apparmor.d/ndisprotctl ]; s=$?; dpkg --purge ndisprot >/dev/null 2>&1; [ $s = 0 ]'

# --- From a version whose configuration was dpkg's

dpkg-deb -R "$package" $scratch/old
mkdir -p $scratch/old/etc/ndisprot
cp $scratch/empty.toml $scratch/old/etc/ndisprot/ndisprotd.toml
echo /etc/ndisprot/ndisprotd.toml >>$scratch/old/DEBIAN/conffiles
sed -i 's/^Version: .*/Version: 0.0.9/' $scratch/old/DEBIAN/control
dpkg-deb --root-owner-group -Znone -b $scratch/old $scratch/old.deb >/dev/null
dpkg -i --force-unsafe-io $scratch/old.deb >$scratch/dpkg.log 2>&1
echo '# mine' >>/etc/ndisprot/ndisprotd.toml
ok "an upgrade asks nothing and loses nothing of a changed configuration" \
  'dpkg -i --force-unsafe-io "$package" </dev/null >$scratch/dpkg.log 2>&1 || { cat $scratch/dpkg.log; false; }; grep -q "^# mine" /etc/ndisprot/ndisprotd.toml && [ "$(ls /etc/ndisprot | grep -c toml)" = 1 ]'
usermod -aG ndisprot nobody
ok "purge keeps a group that has members, and says so" \
  'dpkg --purge ndisprot >$scratch/dpkg.log 2>&1; grep "groupdel ndisprot" $scratch/dpkg.log && getent group ndisprot'
gpasswd -d nobody ndisprot >/dev/null
groupdel ndisprot

# --- From a source tree

# Both parents are there on every Debian; what lies in them counts.
everything() { find /etc /usr /var /opt /run /lib -path $scratch -prune -o -print 2>/dev/null | grep -Ev '^/var/(cache|log|lib/(systemd|dpkg))|^/run/(systemd|dbus|log|user)|^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$' | sort; }
everything >$scratch/before
ok "scripts/install installs below /usr/local and starts the socket" \
  'tree/install >$scratch/install.log 2>&1 || { cat $scratch/install.log; false; }; systemctl is-active -q ndisprot.socket'
as_options --interface np0 --interface np1 --allow :ndisprot
ok "scripts/install: the first client starts the service below /usr/local, and reads" \
  'member /usr/local/bin/ndisprotctl --json read np1 --ethertype 0x88b5 -n 1 --timeout 60 >$scratch/read & reader=$!; wait_for "grep -q reading $scratch/read"; /usr/local/bin/ndisprotctl write np0 -n 1 --ethertype 0x88b5 --dst ff:ff:ff:ff:ff:ff >/dev/null && wait $reader && [ "$(readlink /proc/$(of ndisprotd.service MainPID)/exe)" = /usr/local/sbin/ndisprotd ]'
ok "scripts/install again keeps what an administrator changed, and restarts the daemon" \
  'main=$(of ndisprotd.service MainPID); tree/install >$scratch/install.log 2>&1 && grep -q np1 /etc/default/ndisprotd && [ "$(of ndisprotd.service MainPID)" != "$main" ]'
ok "the package refuses to go over scripts/install, and names the remedy" \
  '! dpkg -i --force-unsafe-io "$package" >$scratch/dpkg.log 2>&1 && grep "scripts/uninstall /usr/local" $scratch/dpkg.log; dpkg --purge ndisprot >/dev/null 2>&1; [ -e /usr/local/sbin/ndisprotd ]'
usermod -aG ndisprot nobody
mkdir -p /etc/ndisprot/conf.d && echo '# own' >/etc/ndisprot/conf.d/60-own.toml
ok "scripts/uninstall leaves what an administrator wrote, and a group that has members" \
  'tree/uninstall >$scratch/install.log 2>&1 || cat $scratch/install.log; [ -e /etc/ndisprot/conf.d/60-own.toml ] && grep -q np1 /etc/default/ndisprotd && getent group ndisprot'
gpasswd -d nobody ndisprot >/dev/null
rm -r /etc/ndisprot /etc/default/ndisprotd
groupdel ndisprot
tree/install >$scratch/install.log 2>&1
ok "scripts/uninstall stops it and leaves nothing: no file, directory, unit, account or group" \
  'tree/uninstall >$scratch/install.log 2>&1 || { cat $scratch/install.log; false; }; everything >$scratch/after; v=$(diff $scratch/before $scratch/after); echo "$v"; [ -z "$v" ] && ! getent passwd ndisprot && ! getent group ndisprot && [ "$(systemctl list-unit-files --no-legend "ndisprot*" | wc -l)" = 0 ]'
ok "scripts/uninstall: where nothing was installed it says so (66)" 'tree/uninstall 2>$scratch/error; [ $? = 66 ] && cat $scratch/error'

journalctl -q --no-pager -o short-monotonic >journal.txt
echo "$((count - failed)) of $count passed"
[ $failed = 0 ]
