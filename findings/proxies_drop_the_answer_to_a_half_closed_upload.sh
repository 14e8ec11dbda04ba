#!/usr/bin/env bash
# Behind six common TCP proxies, who uploads, shuts down its side and waits for the receipt gets a clean end and no receipt.
#
# One would guess: a proxy of TCP passes on what TCP has. An end of one direction (shutdown(2)) becomes the same on the other side, and
# the answer still comes back: `nc -N`, rsh-like tools and upload protocols end their data so.
# What happens: systemd-socket-proxyd, nginx's stream module, redir, rinetd and simpleproxy take the end of one direction for the end of
# both and close the connection to the client at once; socat does half a second later. The server has all the data and stores it; its
# answer, "stored" or "disk full", goes nowhere. The client reads a regular end, not a reset, and cannot tell it from a server that
# has nothing to say. haproxy and stunnel pass the half on; so does nginx with proxy_half_close on.
# For whom it matters: who has backups, mail or queries sent over TCP and gets a proxy, a container's port or a socket unit in between: fast
# answers arrive, those of a server that syncs first do not, and the client sends everything again or counts silence for success.
# What follows for our users: a protocol says in its bytes where the data end, and an end without an answer is an error. Test a proxy by a
# server that waits before it answers.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages systemd=252.39-1~deb12u2 libsystemd-shared=252.39-1~deb12u2 nginx=1.22.1-9+deb12u11 libnginx-mod-stream=1.22.1-9+deb12u11 \
  libpcre2-8-0=10.42-1+deb12u2 redir=3.3-1 rinetd=0.73-1 simpleproxy=3.5-1+b2 socat=1.7.4.4-2 libwrap0=7.6.q-32 haproxy=2.6.12-1+deb12u4 \
  liblua5.3-0=5.3.6-2 libopentracing-c-wrapper0=1.1.3-3+b1 libopentracing1=1.6.0-4 stunnel4=3:5.68-2+deb12u1
export LD_LIBRARY_PATH=$LD_LIBRARY_PATH:$root/usr/lib/x86_64-linux-gnu/systemd
echo "version    $(nginx -v 2>&1), $(haproxy -v | head -1), $(systemd-socket-activate --version | head -1), Linux $(uname -r)"

# The server reads to the end and answers when the file "answer" is there. A client sends, shuts its side down and reads to the end.
cat >peer.py <<'PY'
import os, socket, sys, threading, time

def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.02)

def serve(port):
    def one(connection):
        stored = 0
        try:
            while got := connection.recv(65536):
                stored += len(got)
            if stored:
                wait_for("answer")
                open("stored", "w").write(str(stored))
                connection.sendall(b"receipt")
        except OSError:
            pass
        connection.close()
    server = socket.create_server(("127.0.0.1", port))
    while True:
        threading.Thread(target=one, args=(server.accept()[0],)).start()

def send(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(bytes(300000))
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(10)
    try:
        answer = connection.recv(100) or b"the end"
    except TimeoutError:
        open("answer", "w").close()
        connection.settimeout(30)
        answer = connection.recv(100) or b"a late end"
    open("answer", "w").close()
    wait_for("stored")
    print(answer.decode() + ", stored", open("stored").read())

{"serve": serve, "send": send}[sys.argv[1]](int(sys.argv[2]))
PY
run() {
  "$@" >>words 2>&1 &
  started+=("$!")
}
listens() { [[ -n $(ss -Htln "sport = :$1") ]]; }
run /usr/bin/python3 peer.py serve 19001
proxy() {
  local port=$1 name=$2 wanted=$3
  shift 3
  run "$@"
  until_there listens "$port"
  rm -f answer stored
  expect "$name" "$(/usr/bin/python3 peer.py send "$port")" "$wanted, stored 300000"
}
until_there listens 19001
server=127.0.0.1:19001
cat >nginx.conf <<CONF
load_module $root/usr/lib/nginx/modules/ngx_stream_module.so;
pid $folder/nginx.pid;
error_log $folder/nginx.log;
daemon off;
master_process off;
events {}
stream {
  server { listen 127.0.0.1:19002; proxy_pass $server; }
  server { listen 127.0.0.1:19003; proxy_pass $server; proxy_half_close on; }
}
CONF
echo "127.0.0.1 19006 127.0.0.1 19001" >rinetd.conf
cat >haproxy.conf <<CONF
defaults
  mode tcp
  timeout client 60s
  timeout server 60s
  timeout connect 5s
listen all
  bind 127.0.0.1:19009
  server one $server
CONF
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=one -days 9 2>>words
printf '%s\n' foreground=yes pid= '[to]' accept=127.0.0.1:19010 connect=$server "cert=$folder/cert.pem" "key=$folder/key.pem" >inner.conf
printf '%s\n' foreground=yes pid= '[from]' client=yes accept=127.0.0.1:19011 connect=127.0.0.1:19010 >outer.conf

proxy 19001 "no proxy" receipt true
proxy 19004 systemd-socket-proxyd "the end" systemd-socket-activate --listen=127.0.0.1:19004 "$root/lib/systemd/systemd-socket-proxyd" "$server"
proxy 19002 "nginx stream" "the end" nginx -c "$folder/nginx.conf" -p "$folder" -e "$folder/nginx.log"
proxy 19003 "nginx stream, proxy_half_close on" receipt true
proxy 19005 redir "the end" redir -n 127.0.0.1:19005 "$server"
proxy 19006 rinetd "the end" rinetd --foreground --conf-file rinetd.conf
proxy 19007 simpleproxy "the end" simpleproxy -L 127.0.0.1:19007 -R "$server"
proxy 19008 socat "the end" socat TCP-LISTEN:19008,bind=127.0.0.1,fork "TCP:$server"
proxy 19009 haproxy receipt haproxy -f haproxy.conf -db
run stunnel inner.conf
until_there listens 19010
proxy 19011 "two stunnels" receipt stunnel outer.conf
