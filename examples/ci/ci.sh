#!/bin/sh
# A change of the mail gateway by any CI system, or by hand:
#
#   ci.sh review BASE             in a pull request, also from a fork: no gateway, no secret; BASE is a git revision
#   ci.sh deploy REVIEWED.mgwplan on the protected branch: plans anew against the running gateway, applies only what was
#                                 reviewed
#
# MAILGW        the program (default: mailgw); as the target branch pins it, not as the pull request does
# MAILGW_CONFIG the document (default: searched for)
# REPORTS       folder for comment.md, change.mgwplan, report.sarif and now.mgwplan (default: reports)
#
# Ends with 0 when all is well, 1 when something is wrong, 2 when the change is not the one that was reviewed.
set -eu

mailgw=${MAILGW:-mailgw}
reports=${REPORTS:-reports}
mkdir -p "$reports"

document() {
  if [ -n "${MAILGW_CONFIG:-}" ]; then set -- "$@" --config "$MAILGW_CONFIG"; fi
  "$mailgw" "$@"
}

review() {
  document ci --base "$1" \
    --comment "$reports/comment.md" \
    --sarif "$reports/report.sarif" \
    -o "$reports/change.mgwplan"
}

deploy() {
  reviewed=$("$mailgw" plan show "$1" --hash)
  status=0
  document plan --base running -o "$reports/now.mgwplan" || status=$?
  case $status in
    0) echo "nothing changes: the gateway serves this already"; exit 0 ;;
    2) ;;
    *) exit "$status" ;;
  esac
  now=$("$mailgw" plan show "$reports/now.mgwplan" --hash)
  if [ "$now" != "$reviewed" ]; then
    echo "not what was reviewed: $reviewed; the gateway would change by $now, see above" >&2
    exit 2
  fi
  # The gateway is asked once more at the last moment: it may have changed since the line above.
  document apply --expect "$reviewed"
}

case "${1:-}" in
  review) review "${2:?the git revision to compare with}" ;;
  deploy) deploy "${2:?the plan that was reviewed}" ;;
  *) sed -n '2,12p' "$0" >&2; exit 1 ;;
esac
