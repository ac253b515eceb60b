"""What the system itself keeps in NVS, beside which the lock's own values must fit.

Sources: ESP-IDF 5.5, `components/esp_phy/src/phy_init.c` and `include/esp_phy_init.h` for "phy" (calibration data of
1904 bytes, a MAC address, a version). The settings in "nvs.net80211" belong to the closed Wi-Fi library: their names
are from its debug log in ESP-IDF 5.3 to 5.5, their sizes from the "wifi test" in `components/nvs_flash`, from logs of
`nvs_set_blob` and from Espressif's generator, which writes "ap.pmk_info" and others by itself; where none says, the
longest password is assumed. MicroPython asks the library to keep its settings in RAM, so that less than this may be
there: it is the most that is known of, 190 entries.
"""

from functools import cache

from host_sim.world.nvs import Nvs

_WIFI_BLOBS = {
    "sta.ssid": 36,
    "sta.pswd": 65,
    "sta.pmk": 32,
    "sta.bssid": 6,
    "sta.apsw": 2,
    "sta.apinfo": 700,
    "sta.owe_data": 65,
    "sta.sae_h2e_id": 32,
    "ap.ssid": 36,
    "ap.passwd": 65,
    "ap.pmk": 32,
    "ap.pmk_info": 132,
    "country": 12,
}
_WIFI_NUMBERS = """
    opmode auto.conn bssid.set lorate bcn.interval nan.phym
    sta.authmode sta.chan sta.lis_intval sta.phym sta.phybw sta.scan_method sta.sort_method sta.minrssi sta.minauth
    sta.pmf_e sta.pmf_r sta.btm_e sta.rrm_e sta.mbo_e sta.ft sta.owe sta.trans_d sta.sae_h2e sta.sae_pk_mode
    sta.bss_retry sta.he_dcm sta.he_dcm_c_tx sta.he_dcm_c_rx sta.he_mcs9_d sta.he_su_b_d sta.he_su_b_f_d
    sta.he_mu_b_f_d sta.he_cqi_f_d
    ap.chan ap.authmode ap.hidden ap.max.conn ap.phym ap.phybw ap.sndchan ap.pmf_e ap.pmf_r ap.p_cipher ap.ftm_r
    ap.sae_h2e
"""


def write_system_entries(nvs):
    """Write into `nvs` (of `nvs.py`) what a chip keeps there once its radio has run."""
    nvs.set_blob("phy", "cal_data", bytes(1904))
    nvs.set_blob("phy", "cal_mac", bytes(6))
    nvs.set_i32("phy", "cal_version", 1)
    for key in _WIFI_NUMBERS.split():
        nvs.set_i32("nvs.net80211", key, 1)
    for key, size in _WIFI_BLOBS.items():
        nvs.set_blob("nvs.net80211", key, bytes(size))
    nvs.set_blob("misc", "log", bytes(16))
    for namespace in ("phy", "nvs.net80211", "misc"):
        nvs.commit(namespace)


@cache
def system_entries():
    """The contents, for `Nvs.load`, of a store in which nothing else was written yet."""
    nvs = Nvs()
    write_system_entries(nvs)
    return nvs.snapshot()
