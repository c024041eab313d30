#!/usr/bin/env bash
# Apache Kafka without Docker: KRaft, loopback only, in the background.
#
#   [KAFKA_PORT=19092] [KEEP=1] kafka.sh start [1|3]   one broker or three; begins empty unless KEEP=1
#                               kafka.sh stop
#                               kafka.sh status        the addresses; exit 1 when it does not run
#                               kafka.sh kill N        broker N, as by kill -9: the others go on
#                               kafka.sh revive N      starts it again, with what it has on disk
#                               kafka.sh hold [1|3]    start; when standard input ends, stop and remove the folder
#                               kafka.sh fetch         only what it needs: Java and the jars
#
# Everything is in ./.kafka (KAFKA_DIR): libs/ from Maven Central (KAFKA_LIBS to share them), data/, broker-N.log, broker-N.pid, and
# `bootstrap`, the addresses for clients, which is there exactly while the cluster is up. KAFKA_JAVA_OPTS go to every broker. For tests
# and measurements, not for production.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "${KAFKA_DIR:-.kafka}"
dir=$(cd "${KAFKA_DIR:-.kafka}" && pwd)
libs=${KAFKA_LIBS:-$dir/libs}
brokers=${2:-${BROKERS:-1}}

say() { echo "kafka: $*" >&2; }
fail() { say "$*"; exit 1; }

main() {
	case ${1:-} in
	start) start ;;
	stop) stop ;;
	fetch) need_java && need_jars ;;
	kill) kill_one "${2:?say which broker: 1, 2 or 3}" ;;
	revive) revive "${2:?say which broker: 1, 2 or 3}" ;;
	hold) hold ;;
	status) [ -f "$dir/bootstrap" ] && running 1 && cat "$dir/bootstrap" ;;
	*) fail "usage: kafka.sh start [1|3] | stop | status | kill N | revive N | hold [1|3] | fetch" ;;
	esac
}

start() {
	[ "$brokers" = 1 ] || [ "$brokers" = 3 ] || fail "there are 1 broker or 3, not $brokers"
	if any_running; then
		[ -f "$dir/bootstrap" ] || fail "brokers are starting or ending: make kafka-stop first"
		[ "$(count_running)" = "$brokers" ] || fail "$(count_running) broker(s) run already: make kafka-stop first"
		say "runs already"
		cat "$dir/bootstrap"
		return
	fi
	need_java
	need_jars
	choose_ports
	configure
	trap 'stop; fail "did not come up"' ERR INT TERM
	for n in $(seq "$brokers"); do launch "$n"; done
	for n in $(seq "$brokers"); do wait_until_up "$n"; done
	trap - ERR INT TERM
	addresses client >"$dir/bootstrap"
	say "$brokers broker(s) ready, logs in $dir"
	cat "$dir/bootstrap"
}

# hold is a cluster that lives as long as who started it, whatever ends that.
hold() {
	[ -n "${KAFKA_LIBS:-}" ] || fail "hold removes its folder in the end: keep the jars elsewhere, with KAFKA_LIBS"
	trap '' PIPE # bash reports a killed broker to whoever started us, who may be gone: stop all the same
	trap 'stop; rm -rf "$dir"' EXIT
	start
	cat >/dev/null
}

kill_one() {
	running "$1" || fail "broker $1 does not run"
	kill -9 "$(cat "$dir/broker-$1.pid")"
	# its threads end one by one, and its ports are closed with the last
	while running "$1" || (exec 3<>"/dev/tcp/127.0.0.1/$(($(cat "$dir/port") + $1 - 1))") 2>/dev/null; do sleep 0.02; done
}

revive() {
	[ -f "$dir/bootstrap" ] || fail "no cluster runs: make kafka first"
	[ -f "$dir/broker-$1.properties" ] || fail "there is no broker $1"
	running "$1" && return
	launch "$1"
	wait_until_up "$1"
}

stop() {
	rm -f "$dir/bootstrap"
	local n
	for n in 1 2 3; do
		if running "$n"; then kill "$(cat "$dir/broker-$n.pid")" || true; fi
	done
	for _ in $(seq 100); do # all at once: the last of a quorum cannot leave in order anyway
		any_running || break
		sleep 0.1
	done
	for n in 1 2 3; do
		if running "$n"; then kill -9 "$(cat "$dir/broker-$n.pid")" || true; fi
		rm -f "$dir/broker-$n.pid"
	done
}

# --- is it running -------------------------------------------------------------------------------------------------

# A process id may be another's by now: ours has its own configuration file among its arguments.
running() {
	local pid
	pid=$(cat "$dir/broker-$1.pid" 2>/dev/null) || return 1
	ps -o args= -p "$pid" 2>/dev/null | grep -qF "$dir/broker-$1.properties"
}

any_running() { running 1 || running 2 || running 3; }

count_running() {
	local n sum=0
	for n in 1 2 3; do if running "$n"; then sum=$((sum + 1)); fi; done
	echo "$sum"
}

# --- what it needs -------------------------------------------------------------------------------------------------

java_is_new_enough() {
	local major
	major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')
	[ "${major:-0}" -ge 17 ]
}

need_java() {
	java_is_new_enough && return
	install_package default-jre-headless
	java_is_new_enough || fail "Java 17 or newer is needed: install it, for example apt install openjdk-17-jre-headless or brew install openjdk"
}

# The jars are complete when the mark of this pom.xml is among them.
need_jars() {
	local mark
	mark=$libs/.of-$(cksum <"$here/pom.xml" | cut -d' ' -f1)
	[ -f "$mark" ] && return
	command -v mvn >/dev/null || install_package maven
	command -v mvn >/dev/null || fail "Maven is needed to fetch Kafka's jars: install it, for example apt install maven or brew install maven"
	[ ! -e "$libs" ] || [ -d "$libs" ] || fail "$libs is no folder: the jars cannot be kept there"
	say "fetching the jars of Apache Kafka (43 MB, once)"
	rm -rf "${libs:?}"
	mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$libs" >"$dir/mvn.log" 2>&1 ||
		fail "the jars cannot be fetched, see $dir/mvn.log: is Maven Central to be reached?"
	touch "$mark"
}

install_package() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
	say "installing Debian's package $1"
	{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends "$1"; } >"$dir/apt.log" 2>&1 ||
		say "apt-get failed, see $dir/apt.log"
}

# --- ports ---------------------------------------------------------------------------------------------------------

# Broker N listens for clients on base+N-1 and for controllers on base+N+4. The base is chosen once and kept.
choose_ports() {
	local base
	if [ -n "${KAFKA_PORT:-}" ]; then
		base=$KAFKA_PORT
	elif [ -f "$dir/port" ]; then
		base=$(cat "$dir/port")
	else
		for base in $(seq 19092 10 19292); do if block_free "$base"; then break; fi; done
	fi
	block_free "$base" || fail "port $taken is taken$(holder "$taken"): stop that process, or choose others with KAFKA_PORT=$((base + 100))"
	echo "$base" >"$dir/port"
}

block_free() {
	for taken in $(seq "$1" $(($1 + brokers - 1))) $(seq $(($1 + 5)) $(($1 + 4 + brokers))); do
		if (exec 3<>"/dev/tcp/127.0.0.1/$taken") 2>/dev/null; then return 1; fi
	done
}

holder() {
	local who
	who=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:((\("[^"]*",pid=[0-9]*\).*/\1/p' | head -n 1)
	if [ -n "$who" ]; then echo " by $who"; fi
}

# addresses client | controllers
addresses() {
	local base n list=
	base=$(cat "$dir/port")
	for n in $(seq "$brokers"); do
		case $1 in
		client) list+=,127.0.0.1:$((base + n - 1)) ;;
		controllers) list+=,$n@127.0.0.1:$((base + n + 4)) ;;
		esac
	done
	echo "${list#,}"
}

# --- brokers -------------------------------------------------------------------------------------------------------

configure() {
	local base n id
	base=$(cat "$dir/port")
	if [ "${KEEP:-}" = 1 ] && [ "$(cat "$dir/data/brokers" 2>/dev/null)" = "$brokers" ]; then
		for n in $(seq "$brokers"); do properties "$n" "$base"; done
		return
	fi
	rm -rf "$dir/data" # tests leave topics behind
	mkdir -p "$dir/data"
	id=$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 1-22)
	for n in $(seq "$brokers"); do
		properties "$n" "$base"
		java -cp "$libs/*" -Dlog4j2.configurationFile="$here/log4j2.properties" \
			kafka.tools.StorageTool format -t "$id" -c "$dir/broker-$n.properties" >"$dir/broker-$n.log" 2>&1 ||
			fail "formatting failed, see $dir/broker-$n.log"
	done
	echo "$brokers" >"$dir/data/brokers"
}

# One broker keeps one copy of everything; three keep three, and two must have a record before it is acknowledged.
# log.index.size.max.bytes: a fresh partition's index maps a sparse 10 MB file, and on a slow disk 64 of them stall
# producers for seconds.
properties() {
	local n=$1 base=$2 isr=1
	if [ "$brokers" = 3 ]; then isr=2; fi
	cat >"$dir/broker-$n.properties" <<-END
		process.roles=broker,controller
		node.id=$n
		controller.quorum.voters=$(addresses controllers)
		listeners=CLIENT://127.0.0.1:$((base + n - 1)),CONTROLLER://127.0.0.1:$((base + n + 4))
		advertised.listeners=CLIENT://127.0.0.1:$((base + n - 1))
		listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
		inter.broker.listener.name=CLIENT
		controller.listener.names=CONTROLLER
		log.dirs=$dir/data/$n
		log.index.size.max.bytes=102400
		auto.create.topics.enable=false
		group.initial.rebalance.delay.ms=0
		default.replication.factor=$brokers
		min.insync.replicas=$isr
		offsets.topic.replication.factor=$brokers
		offsets.topic.num.partitions=4
		transaction.state.log.replication.factor=$brokers
		transaction.state.log.min.isr=$isr
		share.coordinator.state.topic.replication.factor=$brokers
		share.coordinator.state.topic.min.isr=$isr
	END
}

launch() {
	: >"$dir/broker-$1.log" # its last life's says that it is up
	# shellcheck disable=SC2086 # options are words
	nohup java -Xmx512m ${KAFKA_JAVA_OPTS:-} -cp "$libs/*" -Dlog4j2.configurationFile="$here/log4j2.properties" \
		kafka.Kafka "$dir/broker-$1.properties" >"$dir/broker-$1.log" 2>&1 </dev/null &
	echo $! >"$dir/broker-$1.pid"
}

wait_until_up() {
	for _ in $(seq 600); do
		if grep -q 'Kafka Server started' "$dir/broker-$1.log"; then return; fi
		running "$1" || { tail -n 15 "$dir/broker-$1.log" >&2; return 1; }
		sleep 0.1
	done
	tail -n 15 "$dir/broker-$1.log" >&2
	return 1
}

main "$@"
