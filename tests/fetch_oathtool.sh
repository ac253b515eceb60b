#!/bin/sh
# Put a runnable `oathtool` into the folder given, without root.
#
# Where the system has oathtool, that one is used. Else Debian's package is downloaded with apt-get, which checks
# Debian's signatures as always but keeps its lists and archives in the folder instead of the system's, and unpacked.
set -eu
umask 022
mkdir -p "$1"
cd "$1"
folder=$(pwd)

if system=$(command -v oathtool); then
    printf '#!/bin/sh\nexec "%s" "$@"\n' "$system" >oathtool
    chmod +x oathtool
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "oathtool is missing, and this system has no apt-get to fetch it with: install oathtool" >&2
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
apt-get -qq download oathtool liboath0
for package in ./*.deb; do
    dpkg-deb -x "$package" root
done
rm -rf state cache ./*.deb apt.conf

cat >oathtool.new <<'RUN'
#!/bin/sh
root=$(dirname "$0")/root
for library in "$root"/usr/lib/*/liboath.so.0; do
    LD_LIBRARY_PATH=$(dirname "$library") exec "$root/usr/bin/oathtool" "$@"
done
RUN
chmod +x oathtool.new
./oathtool.new --version >/dev/null
mv oathtool.new oathtool
