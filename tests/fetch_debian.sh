#!/bin/sh
# Put runnable programs into the folder given, without root:
#
#     fetch_debian.sh FOLDER PACKAGE PROGRAM...
#
# Where the system has all the programs, those are used. Else the Debian package and what it needs and the system lacks
# is downloaded with apt-get, which checks Debian's signatures as always but keeps its lists and archives in the folder
# instead of the system's, and unpacked.
set -eu
umask 022
mkdir -p "$1"
cd "$1"
folder=$(pwd)
package=$2
shift 2
PATH=$PATH:/usr/sbin # where some programs are that only root usually starts

missing=
for program in "$@"; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
if [ -z "$missing" ]; then
    for program in "$@"; do
        printf '#!/bin/sh\nexec "%s" "$@"\n' "$(command -v "$program")" >"$program"
        chmod +x "$program"
    done
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "missing, with no apt-get on this system to fetch them with; install$missing" >&2
    exit 1
fi

# A configuration file, since apt splits option values from the command line at spaces.
mkdir -p state/lists/partial cache/archives/partial
cat >apt.conf <<CONF
Dir::State "$folder/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "$folder/cache";
APT::Sandbox::User "";
CONF
export APT_CONFIG="$folder/apt.conf"
apt-get -qq update
packages=$(apt-get -qq --simulate --no-install-recommends install "$package" | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
apt-get -qq download $packages
for file in ./*.deb; do
    dpkg-deb -x "$file" root
done
rm -rf state cache ./*.deb apt.conf

libraries=$(find root -name '*.so.*' -exec dirname {} + | sort -u | sed 's|^|$here/|' | paste -s -d :)
for program in "$@"; do
    cat >"$program" <<RUN
#!/bin/sh
here=\$(dirname "\$0")
LD_LIBRARY_PATH="$libraries" exec "\$here/$(find root -path "*bin/$program" -type f)" "\$@"
RUN
    chmod +x "$program"
done
