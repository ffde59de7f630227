# rtcshim: build, test, measure, install. `make help` lists the targets.

VERSION := 0.1.0

PREFIX ?= /usr/local
DESTDIR ?=
CC ?= cc
PKG_CONFIG ?= pkg-config

# SAN=address,undefined builds into a folder of its own.
comma := ,
BUILD := build$(if $(SAN),/$(subst $(comma),-,$(SAN)))
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' '$(1)' '$(2)')

WARN := -Wall -Wextra -Wconversion -Wshadow -Wpedantic -Wmissing-prototypes -Wvla -Wformat=2 $(if $(CI),-Werror)
HARDEN := -fstack-protector-strong $(if $(SAN),,-D_FORTIFY_SOURCE=2)
CFLAGS ?= -O2 -g
ALL_CFLAGS := -std=c17 -D_GNU_SOURCE -Icore -DRTCSHIM_VERSION='"$(VERSION)"' $(WARN) $(HARDEN) -fPIC -pthread \
    $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer) $(CFLAGS)
ALL_LDFLAGS := -Wl,-z,relro,-z,now -pthread $(if $(SAN),-fsanitize=$(SAN)) $(LDFLAGS)

# --- core: pure functions, shared by everything -----------------------------------------------------------------------------
CORE_SRC := core/netaddr.c core/stun.c core/stun_table.c core/stun_value.c core/stun_encode.c \
    core/event.c core/ring.c core/ring_reader.c core/policy.c core/policy_index.c core/policy_index_make.c core/policy_judge.c core/rtnl.c core/rtnl_decode.c \
    core/rtnl_filter.c core/rtnl_filter_message.c core/rtnl_filter_table.c core/netfile.c \
    core/text_escape.c core/role.c
# Needs nettle and zlib; programs only.
CORE_PROGRAM_SRC := core/stun_integrity.c
CORE_PROGRAM_LIBS := -lnettle -lz

# --- shim/preload: librtcshim.so; libc alone -----------------------------------------------------------------------------------
PRELOAD_SRC := shim/preload/init.c shim/preload/real.c shim/preload/fdtab.c shim/preload/identity.c \
    shim/preload/address.c shim/preload/span.c shim/preload/emit.c shim/preload/inspect.c shim/preload/stream.c shim/preload/stream_pool.c \
    shim/preload/hooks_send.c shim/preload/hooks_recv.c shim/preload/hooks_socket.c \
    shim/preload/hooks_fd.c shim/preload/hooks_enum.c shim/preload/hooks_file.c \
    shim/preload/hooks_name.c shim/preload/hooks_question.c shim/preload/hooks_exec.c shim/preload/hooks_fork.c \
    $(addprefix shim/preload/enforce_,judge.c pin.c send.c stream.c socket.c name.c receive.c answer.c) \
    shim/preload/hides.c shim/preload/enforce_netlink.c shim/preload/enforce_ioctl.c shim/preload/enforce_file.c \
    shim/preload/hooks_path.c shim/preload/syscall_hides.c shim/preload/hook_syscall.c shim/preload/vfork.S shim/preload/syscall.S
PRELOAD_CORE_SRC := core/netaddr.c core/stun.c core/ring.c core/policy.c core/policy_index.c core/policy_index_make.c core/policy_judge.c core/role.c \
    core/rtnl.c core/rtnl_filter.c core/rtnl_filter_message.c core/rtnl_filter_table.c core/netfile.c

# --- shim/launcher: rtcshim ----------------------------------------------------------------------------------------------------
LAUNCHER_SRC := $(addprefix shim/launcher/,help.c say.c cmd_run.c cmd_policy.c cmd_policy_explain.c cmd_policy_set.c cmd_sessions.c cmd_analyzer.c analyzer_program.c run.c run_watch.c run_finish.c run_capture.c run_report.c session.c session_stale.c \
    session_guard.c session_sysfs.c session_file.c session_list.c library.c child.c collector.c rundir.c linesink.c runjson.c)
# Who the processes are, and whether the library is in them.
PROCESS_SRC := $(addprefix shim/launcher/process/,process.c process_thread.c process_code.c proctab.c \
    proctab_resolve.c procfs.c lineage.c role_text.c coverage.c elf_look.c census.c exec_notes.c sockets.c sockets_find.c)
# The capture beside a run, and whose its messages are.
WIRE_SRC := $(addprefix shim/launcher/wire/,wire_capture.c pipe_lines.c wire_message.c owners.c sock_owner.c)
# What turns records into events, lines and the summary.
STORY_SRC := $(addprefix shim/launcher/story/,story.c tell_stun.c tell_name.c tell_enum.c tell_socket.c tell_owner.c \
    network.c network_table.c carrier.c enumeration.c shown.c channel.c names.c dns.c event_json.c \
    stun_json.c ledger.c live.c live_text.c summary.c text.c)
# The policy language: text to table and back.
POLICY_LANGUAGE_SRC := $(addprefix shim/launcher/policy/,words.c lexer.c parser.c parser_values.c program.c printer.c compiler.c \
    compiler_network.c compiler_hidden.c netview_kind.c)
POLICY_SRC := $(POLICY_LANGUAGE_SRC) $(addprefix shim/launcher/policy/,source.c builtin_text.S netview.c control.c history.c hosts.c explain.c)
LAUNCHER_INC := -Ishim/launcher -Ishim/launcher/process -Ishim/launcher/wire -Ishim/launcher/story -Ishim/launcher/policy
LAUNCHER_LIBS := -ljansson -lmnl -lresolv $(CORE_PROGRAM_LIBS)

# The built-in policies are part of the program.
$(BUILD)/obj/shim/launcher/policy/builtin_text.o: shim/launcher/policy/builtin_text.S $(wildcard examples/policies/*.policy)
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# --- shim/lab: page and STUN server --------------------------------------------------------------------------------------------
LAB_SRC := shim/lab/endpoint.c shim/lab/stun_answer.c shim/lab/stun_server.c shim/lab/page_server.c shim/lab/gather_page.S
LAB_LIBS := -lmicrohttpd -ljansson $(CORE_PROGRAM_LIBS)
# The page is part of the program.
$(BUILD)/obj/shim/lab/gather_page.o: shim/lab/gather_page.S shim/lab/gather.html
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# --- analyzer: rtcshim-analyzer -------------------------------------------------------------------------------------------------
ANALYZER_INC := -Ianalyzer -Ianalyzer/input -Ianalyzer/layers -Ianalyzer/flow -Ianalyzer/message -Ianalyzer/summary -Ianalyzer/output -Ianalyzer/pcapng -Ianalyzer/live \
    -Ianalyzer/run -Ianalyzer/join -Ianalyzer/verdict -Ianalyzer/report $(patsubst %,-Ianalyzer/report/%,document text html notes redact diff)
# Capture files; compressed ones through the libraries of the five formats.
ANALYZER_INPUT_SRC := $(addprefix analyzer/input/,reader.c pcap_file.c pcapng_file.c pcapng_iface.c source.c source_unpack.c \
    unpack_formats.c time_scale.c)
# From packets to datagrams.
ANALYZER_LAYERS_SRC := $(addprefix analyzer/layers/,layers.c plain.c link.c ip.c fragments.c transport.c tunnel.c siphash.c)
# From datagrams to messages.
ANALYZER_FLOW_SRC := $(addprefix analyzer/flow/,table.c flow_key.c flow.c segments.c tcp_frame.c units.c tcp.c)
ANALYZER_MESSAGE_SRC := $(addprefix analyzer/message/,found.c finder.c classic.c channels.c)
# What the messages add up to.
ANALYZER_SUMMARY_SRC := $(addprefix analyzer/summary/,tally.c tally_rows.c tally_flows.c in_order.c transactions.c sightings.c legs.c \
    relays.c ice.c ice_pairs.c ice_join.c ice_consent.c ice_select.c)
# From messages to lines.
ANALYZER_OUTPUT_SRC := $(addprefix analyzer/output/,sink.c stun_write.c event_write.c row_write.c tally_text.c \
    tally_json.c tally_parts.c ice_text.c ice_json.c filter.c)
# pcapng files that are written, or copied with notes.
ANALYZER_PCAPNG_SRC := $(addprefix analyzer/pcapng/,pcapng_write.c pcapng_copy.c)
# Live capture: taps, privilege, sandbox.
ANALYZER_LIVE_SRC := $(addprefix analyzer/live/,links.c tap.c catalog.c live_open.c live.c savefile.c \
    privilege.c sandbox.c stop.c capture.c)
# Pseudonyms for what a report names; countries and networks; what differs between two.
ANALYZER_REDACT_SRC := $(addprefix analyzer/report/redact/,ipcrypt_pfx.c pseudonym.c pseudonym_name.c redact.c redact_words.c redact_text.c redact_key.c)
ANALYZER_DIFF_SRC := $(addprefix analyzer/report/diff/,diff.c diff_roles.c diff_facts.c diff_context.c diff_print.c)
# The report as one HTML page; its template, style and script are part of the program.
ANALYZER_HTML_SRC := $(addprefix analyzer/report/html/,report_html.c html_text.c html_cells.c html_verdict.c html_leaks.c html_tables.c html_sections.c html_assets.S)
$(BUILD)/obj/analyzer/report/html/html_assets.o: analyzer/report/html/html_assets.S $(wildcard $(addprefix analyzer/report/html/,*.html *.css *.js))
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<
# The capture with notes, for Wireshark.
ANALYZER_NOTES_SRC := $(addprefix analyzer/report/notes/,note_text.c note.c note_event.c note_index.c note_write.c report_pcapng.c) \
    $(addprefix analyzer/report/redact/,pcapng_redact.c pcapng_redact_stun.c)
# A run's folder, and its events joined with its capture.
ANALYZER_RUN_SRC := $(addprefix analyzer/run/,run_folder.c run_json.c run_time.c event_tokens.c event_fields.c event_line.c event_reader.c)
ANALYZER_JOIN_SRC := $(addprefix analyzer/join/,join.c rows.c exchanges.c shim.c wire.c wire_beside.c clock.c outcome.c order.c join_wire.c join_run.c)
# What follows from both, and the report that says it.
ANALYZER_VERDICT_SRC := $(addprefix analyzer/verdict/,network_at.c wanted.c sights.c reason.c advice.c judging.c exits.c leak_exchange.c \
    leak_likely.c disagreement.c dns_past.c result.c verdict.c)
ANALYZER_REPORT_SRC := $(addprefix analyzer/report/document/,document.c document_values.c document_tables.c document_leaks.c \
    document_exchanges.c document_run.c) \
    $(addprefix analyzer/report/text/,paragraph.c report_text.c report_text_verdict.c report_text_details.c) \
    $(addprefix analyzer/report/,geo.c outfile.c report_load.c)
ANALYZER_SRC := $(ANALYZER_INPUT_SRC) $(ANALYZER_LAYERS_SRC) $(ANALYZER_FLOW_SRC) $(ANALYZER_MESSAGE_SRC) \
    $(ANALYZER_SUMMARY_SRC) $(ANALYZER_OUTPUT_SRC) $(ANALYZER_PCAPNG_SRC) $(ANALYZER_LIVE_SRC) \
    $(ANALYZER_RUN_SRC) $(ANALYZER_JOIN_SRC) $(ANALYZER_VERDICT_SRC) $(ANALYZER_REPORT_SRC) $(ANALYZER_HTML_SRC) \
    $(ANALYZER_NOTES_SRC) $(ANALYZER_REDACT_SRC) $(ANALYZER_DIFF_SRC) \
    analyzer/pipeline.c analyzer/complain.c analyzer/decoding.c \
    analyzer/cmd_decode.c analyzer/cmd_capture.c analyzer/cmd_report.c analyzer/cmd_diff.c
ANALYZER_LIBS := -ljansson -lmaxminddb -lresolv -llzma -lbz2 -lzstd -llz4 -lpcap -lmnl -lcap-ng -lseccomp $(CORE_PROGRAM_LIBS)

# --- tests ---------------------------------------------------------------------------------------------------------------------
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all demo check check-arm64 unit test-programs bench pictures fuzz lint format install uninstall clean help
.DEFAULT_GOAL := all
.SECONDARY:

all: $(BUILD)/librtcshim.so $(BUILD)/rtcshim $(BUILD)/rtcshim-analyzer $(BUILD)/rtcshim-lab ## build the library and the programs

obj = $(patsubst %,$(BUILD)/obj/%.o,$(basename $(1)))
CORE_OBJ := $(call obj,$(CORE_SRC) $(CORE_PROGRAM_SRC))
PRELOAD_OBJ := $(patsubst %,$(BUILD)/preload/%.o,$(basename $(PRELOAD_SRC) $(PRELOAD_CORE_SRC)))
LAUNCHER_OBJ := $(call obj,$(LAUNCHER_SRC) $(PROCESS_SRC) $(WIRE_SRC) $(STORY_SRC) $(POLICY_SRC))
LAB_OBJ := $(call obj,$(LAB_SRC))
ANALYZER_OBJ := $(call obj,$(ANALYZER_SRC))

$(BUILD)/obj/shim/launcher/%.o: ALL_CFLAGS += $(LAUNCHER_INC)
$(BUILD)/obj/analyzer/%.o: ALL_CFLAGS += $(ANALYZER_INC)

# No fortified headers: they would define the very functions that the hooks are. -fexceptions: cancellation unwinds through hooks.
# -Wno-pedantic: glibc declares socket addresses as transparent unions, which only its own definitions match.
# -fno-delete-null-pointer-checks: libc's nonnull attributes are promises of the caller's, and callers break them.
$(PRELOAD_OBJ): ALL_CFLAGS += -U_FORTIFY_SOURCE -Wno-pedantic -Wno-nonnull-compare \
    -fno-delete-null-pointer-checks -fvisibility=hidden -ftls-model=initial-exec -fexceptions \
    -ffunction-sections

$(BUILD)/obj/%.o: %.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/preload/%.o: %.c
	$(call say,CC,$< (library))
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/preload/%.o: %.S
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/libcore.a: $(CORE_OBJ)
$(BUILD)/liblauncher.a: $(LAUNCHER_OBJ)
$(BUILD)/liblab.a: $(LAB_OBJ)
$(BUILD)/libanalyzer.a: $(ANALYZER_OBJ)
$(BUILD)/%.a:
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/exports.map: shim/preload/exports.map.in core/hooks.def
	@mkdir -p $(@D)
	$(Q)$(CC) -x c -E -P -Icore -o $@ $<

$(BUILD)/librtcshim.so: $(PRELOAD_OBJ) $(BUILD)/exports.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -o $@ $(PRELOAD_OBJ) -Wl,--version-script=$(BUILD)/exports.map -Wl,-soname,librtcshim.so \
	    -Wl,-z,defs -Wl,-z,nodelete -Wl,--gc-sections $(ALL_LDFLAGS)

$(BUILD)/rtcshim: $(BUILD)/obj/shim/launcher/main.o $(BUILD)/liblauncher.a $(BUILD)/libcore.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LAUNCHER_LIBS)

$(BUILD)/rtcshim-analyzer: $(BUILD)/obj/analyzer/main.o $(BUILD)/libanalyzer.a $(BUILD)/libcore.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ALL_LDFLAGS) $(ANALYZER_LIBS)

$(BUILD)/rtcshim-lab: $(BUILD)/obj/shim/lab/lab_main.o $(BUILD)/liblab.a $(BUILD)/libcore.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ALL_LDFLAGS) $(LAB_LIBS)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libanalyzer.a $(BUILD)/liblauncher.a $(BUILD)/libcore.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(ALL_LDFLAGS) -lcmocka -larchive $(LAUNCHER_LIBS) $(ANALYZER_LIBS)
$(BUILD)/obj/tests/unit/%.o: ALL_CFLAGS += $(LAUNCHER_INC) $(ANALYZER_INC)

# The HTML page for a document of one's own.
$(BUILD)/tests/report/page: $(BUILD)/obj/tests/report/page.o $(BUILD)/libanalyzer.a $(BUILD)/libcore.a
	$(call say,LD,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(ALL_LDFLAGS) $(ANALYZER_LIBS)
$(BUILD)/obj/tests/report/%.o: ALL_CFLAGS += $(ANALYZER_INC)

unit: $(addprefix $(BUILD)/tests/unit/,$(UNIT_TESTS)) ## build and run the unit tests
	$(Q)for t in $^; do $$t || exit 1; done

# Test programs that are run plain and under the library link nothing of ours.
CALLS_SRC := $(wildcard tests/preload/calls*.c) tests/preload/endpoints.c tests/preload/transcript.c
LIVES_SRC := $(wildcard tests/preload/lives*.c) tests/preload/endpoints.c tests/preload/transcript.c

# Fuzzers: clang's libFuzzer with sanitizers, over the sources themselves.
CLANG ?= clang
FUZZ_SECONDS ?= 600
FUZZ_SRC := $(CORE_SRC) $(CORE_PROGRAM_SRC)
$(BUILD)/fuzz/fuzz_story: FUZZ_SRC += $(STORY_SRC)
$(BUILD)/fuzz/fuzz_story: $(STORY_SRC)
$(BUILD)/fuzz/fuzz_policy: FUZZ_SRC += $(POLICY_LANGUAGE_SRC)
$(BUILD)/fuzz/fuzz_policy: $(POLICY_LANGUAGE_SRC) $(wildcard shim/launcher/policy/*.h)
$(BUILD)/fuzz/fuzz_pcap $(BUILD)/fuzz/fuzz_pcapng: FUZZ_SRC += $(ANALYZER_INPUT_SRC)
$(BUILD)/fuzz/fuzz_pcap $(BUILD)/fuzz/fuzz_pcapng: $(ANALYZER_INPUT_SRC) $(wildcard analyzer/input/*.h)
$(BUILD)/fuzz/fuzz_layers: FUZZ_SRC += $(ANALYZER_LAYERS_SRC)
$(BUILD)/fuzz/fuzz_layers: $(ANALYZER_LAYERS_SRC) $(wildcard analyzer/layers/*.h analyzer/layers/*.def)
FUZZ_TCP_SRC := $(ANALYZER_FLOW_SRC) $(ANALYZER_MESSAGE_SRC) $(ANALYZER_SUMMARY_SRC) analyzer/layers/siphash.c \
    $(filter-out %/filter.c,$(ANALYZER_OUTPUT_SRC))
$(BUILD)/fuzz/fuzz_tcp $(BUILD)/fuzz/fuzz_summary: FUZZ_SRC += $(FUZZ_TCP_SRC)
$(BUILD)/fuzz/fuzz_tcp $(BUILD)/fuzz/fuzz_summary: $(FUZZ_TCP_SRC) $(wildcard analyzer/flow/*.h analyzer/message/*.h analyzer/summary/*.h analyzer/output/*.h)
FUZZ_STREAM_SRC := $(addprefix shim/preload/,span.c enforce_stream.c stream.c stream_pool.c fdtab.c)
$(BUILD)/fuzz/fuzz_stream: FUZZ_SRC := $(FUZZ_STREAM_SRC)
$(BUILD)/fuzz/fuzz_stream: FUZZ_INC := -Ishim/preload
$(BUILD)/fuzz/fuzz_stream: $(FUZZ_STREAM_SRC) $(wildcard shim/preload/*.h)
# Of the join without the files it reads.
FUZZ_JOIN_SRC := analyzer/run/run_time.c analyzer/run/event_tokens.c analyzer/run/event_fields.c analyzer/run/event_line.c \
    $(filter-out %/join_run.c %/join_wire.c,$(ANALYZER_JOIN_SRC)) analyzer/summary/sightings.c analyzer/flow/table.c \
    analyzer/flow/flow_key.c analyzer/layers/siphash.c
$(BUILD)/fuzz/fuzz_event_line: FUZZ_SRC += $(FUZZ_JOIN_SRC)
$(BUILD)/fuzz/fuzz_event_line: $(FUZZ_JOIN_SRC) $(wildcard analyzer/run/*.h analyzer/join/*.h)
FUZZ_REPORT_SRC := $(ANALYZER_REDACT_SRC) $(ANALYZER_DIFF_SRC) analyzer/complain.c
$(BUILD)/fuzz/fuzz_report: FUZZ_SRC += $(FUZZ_REPORT_SRC)
$(BUILD)/fuzz/fuzz_report: $(FUZZ_REPORT_SRC) $(wildcard analyzer/report/*/*.h analyzer/report/*/*.def)
FUZZ_REDACT_SRC := $(addprefix analyzer/report/redact/,pcapng_redact_stun.c pseudonym.c pseudonym_name.c ipcrypt_pfx.c)
$(BUILD)/fuzz/fuzz_redact_message: FUZZ_SRC += $(FUZZ_REDACT_SRC)
$(BUILD)/fuzz/fuzz_redact_message: $(FUZZ_REDACT_SRC) $(wildcard analyzer/report/redact/*.h)
$(BUILD)/fuzz/%: tests/fuzz/%.c $(CORE_SRC) $(CORE_PROGRAM_SRC) $(wildcard core/*.h core/*.def)
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -std=c17 -D_GNU_SOURCE -Icore $(LAUNCHER_INC) $(ANALYZER_INC) -Itests/unit $(FUZZ_INC) -DRTCSHIM_VERSION='"$(VERSION)"' -g -O1 \
	    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -o $@ $< $(FUZZ_SRC) $(LAUNCHER_LIBS) $(ANALYZER_LIBS)

fuzz: $(addprefix $(BUILD)/fuzz/,$(FUZZERS)) ## run each fuzzer for FUZZ_SECONDS (600)
	$(Q)tests/fuzz/run.sh $(BUILD)/fuzz $(FUZZ_SECONDS)

test-programs: $(BUILD)/tests/report/page $(addprefix $(BUILD)/tests/unit/,$(UNIT_TESTS)) $(addprefix $(BUILD)/fuzz/,$(FUZZERS))

packages-%:
	$(Q)shim/lab/packages.sh $*

demo: packages-demo ## show the main job: a real browser, a page and a STUN server on this machine
	$(Q)$(MAKE) --no-print-directory all
	$(Q)examples/demo.sh $(BUILD)

check: packages-check ## run all tests
	$(Q)$(MAKE) --no-print-directory all test-programs
	$(Q)tests/check.sh $(BUILD)

check-arm64: packages-arm64 ## the library for arm64, cross-built and run under qemu
	$(Q)$(MAKE) --no-print-directory BUILD=build/arm64 CC=aarch64-linux-gnu-gcc build/arm64/librtcshim.so
	$(Q)tests/preload/arm64.sh build/arm64/librtcshim.so

bench: packages-bench ## measure (GROWTH=1: large captures too); the figures of docs/performance.md
	$(Q)$(MAKE) --no-print-directory all $(BUILD)/tests/report/page
	$(Q)tests/bench/bench.sh $(BUILD)

pictures: packages-pictures ## make the pictures in docs/: a run of Firefox, its report in Chromium
	$(Q)$(MAKE) --no-print-directory all
	$(Q)BUILD=$(abspath $(BUILD)) tests/browser/make_pictures.py docs

LINT_C := $(shell git ls-files "*.c")
# Tests make the mistakes that they test: they are formatted, but clang-tidy does not read them.
TIDY_C := $(filter core/% shim/% analyzer/%,$(LINT_C))
lint: ## clang-tidy, cppcheck, shellcheck, format
	$(Q)command -v clang-tidy cppcheck shellcheck clang-format >/dev/null || \
	    { echo "lint needs: apt-get install clang-tidy cppcheck shellcheck clang-format" >&2; exit 1; }
	$(Q)clang-format --dry-run --Werror $(LINT_C) $(shell git ls-files "*.h")
	$(Q)clang-tidy --quiet $(TIDY_C) -- -std=c17 -D_GNU_SOURCE -Icore $(LAUNCHER_INC) $(ANALYZER_INC) -Ishim/lab -Itests/unit -DRTCSHIM_VERSION='""'
	$(Q)cppcheck --quiet --std=c11 --enable=warning,portability --error-exitcode=1 --inline-suppr \
	    --suppress=missingIncludeSystem -Icore $(LAUNCHER_INC) $(ANALYZER_INC) -D_GNU_SOURCE core shim analyzer
	$(Q)shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR $(shell git ls-files '*.sh') .ci/run

format: ## format the C sources in place
	$(Q)clang-format -i $(LINT_C) $(shell git ls-files "*.h")

install: all ## install below $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 755 $(BUILD)/rtcshim $(BUILD)/rtcshim-analyzer $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/librtcshim.so $(DESTDIR)$(PREFIX)/lib/
	install -m 644 docs/rtcshim.1 docs/rtcshim-analyzer.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/rtcshim-policy.5 $(DESTDIR)$(PREFIX)/share/man/man5/

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/rtcshim $(DESTDIR)$(PREFIX)/bin/rtcshim-analyzer $(DESTDIR)$(PREFIX)/lib/librtcshim.so \
	    $(DESTDIR)$(PREFIX)/share/man/man1/rtcshim.1 $(DESTDIR)$(PREFIX)/share/man/man1/rtcshim-analyzer.1 \
	    $(DESTDIR)$(PREFIX)/share/man/man5/rtcshim-policy.5

clean: ## remove the build folder
	rm -rf build

help: ## list the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' Makefile | expand -t 12

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
