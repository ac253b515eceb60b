"""Names that objects of others have: an attribute called so keeps its name wherever it is."""

_MICROPYTHON = """
BytesIO IOBase RingIO StringIO a2b_base64 acos acosh add append args array asin asinh atan atan2 atanh b2a_base64
calcsize ceil center clear close collect const copy copysign cos cosh count crc32 decode degrees deleter difference
difference_update digest disable discard dump dumps e enable encode endswith erf erfc errno exp expm1 extend fabs
factorial find floor flush fmod format frexp from_bytes fromhex fromkeys gamma get getter getvalue heap_lock
heap_unlock hex hexlify index inf insert intersection intersection_update isalpha isclose isdigit isdisjoint isenabled
isfinite isinf islower isnan isspace issubset issuperset isupper items join kbd_intr keys ldexp lgamma load loads log
log10 log2 lower lstrip md5 mem_alloc mem_current mem_free mem_info mem_peak mem_total modf nan open opt_level pack
pack_into partition pend_throw pi pop popitem pow qstr_info radians read readinto readline remove replace reverse rfind
rindex rpartition rsplit rstrip schedule seek send setdefault setter sha1 sha256 sin sinh sort split splitlines sqrt
stack_use start startswith step stop strip symmetric_difference symmetric_difference_update tan tanh tau tell threshold
throw to_bytes trunc unhexlify union unpack unpack_from update upper value values write
"""
_CHIP = """
ADC I2C NVS PWM Partition Pin RTC SSLContext SSLSocket Timer WDT WLAN active aes cipher commit config connect datetime
decrypt deepsleep deinit disable_irq disconnect duty_u16 enable_irq encrypt erase_key feed freq get_blob get_i32
getaddrinfo gmtime gpio_deep_sleep_hold idle ifconfig info init ioctl isconnected lightsleep load_verify_locations mem32
memory mktime modules off on packed psk_identity psk_key read_u16 read_uv readblocks readfrom_mem readfrom_mem_into recv
recvfrom reset reset_cause scan sendall sendto set_blob set_i32 setblocking setsockopt settimeout sleep sleep_ms
sleep_us socket soft_reset status ticks_add ticks_diff ticks_ms ticks_us time time_ns unique_id verify_mode wake_on_ext0
wake_on_ext1 wake_reason wrap_socket writeblocks writeto_mem
"""
_UMQTT = """
MQTTClient MQTTException cb check_msg client_id keepalive lw_msg lw_qos lw_retain lw_topic pid ping port pswd publish
server set_callback set_last_will sock ssl ssl_params subscribe user wait_msg
"""
_CALLED = "close connect getaddrinfo ioctl read readinto setblocking settimeout socket write"
_READY = """
append bytecode clear const copy count end endswith extend get insert isalpha isdigit islower isspace isupper
join little lower lstrip popitem remove replace reverse rfind rindex rsplit rstrip self split step stop strip
upper
ArithmeticError AssertionError AttributeError BaseException EOFError GeneratorExit ImportError IndentationError
IndexError KeyError KeyboardInterrupt LookupError MemoryError NameError NotImplementedError OSError OverflowError
RuntimeError StopIteration SyntaxError SystemExit TypeError ValueError ZeroDivisionError abs all any callable chr
divmod getattr globals hasattr hash isinstance issubclass iter locals map next ord print repr round setattr sorted sum
zip
e f n r s t v aw dt er gc io rb sz tb wb add arg cos doc erf exc exp idx inf md5 mpy nan ps1 ps2 ptr put raw req
run sin src sub sys tan tau url val vfs acos argv asin atan attr bind blit ceil core coro cosh deps dest done dump
erfc fabs fill fmod full head host imag load log2 math mem8 mkfs modf path peek poll poly post ptr8 real rect
seed sgen sha1 sinh sqrt sync tanh urls usys wait acosh asinh atan2 atanh chdir cmath crc32 deque drain dumps expm1
flags floor frexp funcs gamma group heapq hline ipoll isinf isnan ldexp loads log10 match mem16 mem32 mkdir mtime
patch phase pixel polar ptr16 ptr32 rmdir state stdin ticks trunc union viper vline
aclose action awrite branch buffer cancel center choice decode delete enable encode gather getcwd getter hashes invert
is_set latest lgamma listen locked method modify module native poller random rename scroll search select setter
single sizeof stderr stdout stream target unlink waiter abs_tol acquire backlog chunked closure collect
content context default deflate degrees deleter disable discard ellipse fromhex headers heapify heappop hexlify
indices install isclose listdir maxsize newline out_buf package popleft radians randint rel_tol release request
statvfs timeout uniform urandom version waiting
"""

CALLED = frozenset(_CALLED.split())
"""What MicroPython's TLS (`extmod/modtls_mbedtls.c`) and umqtt call on objects of ours: a socket, a module of them."""

FOREIGN = CALLED.union(_MICROPYTHON.split(), _CHIP.split(), _UMQTT.split())
"""What MicroPython's types and modules have, of the chip's modules what the simulated ones have, and umqtt."""

READY = tuple(_READY.split())
"""Names that MicroPython has in its ROM, so that they take no heap: first those that take a byte or two of a file's
table (`py/makeqstrdata.py`), then short ones. Nothing of others that the program makes classes of has one of them."""
