# An MCP server of 2025-11-25 in what every machine has. It leaves three behind that it does not look after: one in a session of its
# own, one whose parent has gone, and one of both kinds that listens to no signal which can be ignored.
setsid sleep 86400 </dev/null >/dev/null 2>&1 &
(sleep 86400 </dev/null >/dev/null 2>&1 &)
(trap '' TERM HUP INT; setsid sh -c 'sleep 86400 & exit' </dev/null >/dev/null 2>&1)

tool='{"name":"greet","description":"Greets","inputSchema":{"type":"object"}}'
about='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"villager","version":"1.0.0"}}'
while IFS= read -r line; do
  # What has no id wants no answer.
  case $line in *'"id":'*) ;; *) continue ;; esac
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
    *'"method":"initialize"'*) says='"result":'$about ;;
    *'"method":"tools/list"'*) says='"result":{"tools":['$tool']}' ;;
    *'"method":"tools/call"'*) says='"result":{"content":[{"type":"text","text":"Good day."}]}' ;;
    *'"method":"ping"'*) says='"result":{}' ;;
    *) says='"error":{"code":-32601,"message":"that is not known here"}' ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$says"
done
