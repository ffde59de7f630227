/* Tests of coverage.c, elf_look.c and role.c: programs of every kind, made here byte by byte or
 * found on the machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "coverage.h"
#include "role_text.h"

static char folder[] = "/tmp/test_coverage.XXXXXX";
static char loader[PATH_MAX];

/* A 64-bit program of nothing but headers. interp NULL: static. */
struct image {
    Elf64_Ehdr head;
    Elf64_Phdr program[2];
    char interp[64];
};

static struct image make_image(uint16_t machine, const char *interp)
{
    struct image image = {
        .head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                 .e_type = ET_DYN,
                 .e_machine = machine,
                 .e_phoff = offsetof(struct image, program),
                 .e_phentsize = sizeof(Elf64_Phdr),
                 .e_phnum = 2},
        .program = {{.p_type = PT_LOAD}, {.p_type = interp ? PT_INTERP : PT_NOTE}},
    };

    if (interp) {
        snprintf(image.interp, sizeof(image.interp), "%s", interp);
        image.program[1].p_offset = offsetof(struct image, interp);
        image.program[1].p_filesz = strlen(interp) + 1;
    }
    return image;
}

static const char *write_file(const char *name, const void *bytes, size_t len, mode_t mode)
{
    static char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
    return path;
}

/* A host as this machine would be with a library of this kind. */
static struct coverage_host host_of(uint16_t machine)
{
    struct coverage_host host = {.uid = 12345, .gid = 12345};

    host.library.bits = ELFCLASS64;
    host.library.byte_order = ELFDATA2LSB;
    host.library.machine = machine;
    snprintf(host.loader, sizeof(host.loader), "%s", loader);
    return host;
}

static enum coverage inspect_image(const struct image *image, mode_t mode)
{
    struct coverage_host host = host_of(EM_X86_64);
    char culprit[PATH_MAX];

    return coverage_inspect(&host, write_file("program", image, sizeof(*image), mode), culprit,
                            sizeof(culprit));
}

static void expects_a_program_of_the_same_libc_to_be_covered(void **state)
{
    struct image image = make_image(EM_X86_64, "/elsewhere/lib/ld-test.so.2");

    (void)state;
    assert_int_equal(inspect_image(&image, 0755), COVERAGE_UNKNOWN);
}

static void knows_a_static_program(void **state)
{
    struct image image = make_image(EM_X86_64, NULL);

    (void)state;
    assert_int_equal(inspect_image(&image, 0755), COVERAGE_STATIC);
}

static void does_not_take_the_loader_for_a_static_program(void **state)
{
    struct coverage_host host = host_of(EM_X86_64);
    struct image image = make_image(EM_X86_64, NULL);
    char culprit[PATH_MAX];

    (void)state;
    assert_int_equal(coverage_inspect(&host,
                                      write_file("ld-test.so.2", &image, sizeof(image), 0755),
                                      culprit, sizeof(culprit)),
                     COVERAGE_UNKNOWN);
}

static void knows_another_libc_by_its_loader(void **state)
{
    struct image image = make_image(EM_X86_64, "/lib/ld-musl-x86_64.so.1");

    (void)state;
    assert_int_equal(inspect_image(&image, 0755), COVERAGE_FOREIGN_LIBC);
}

static void knows_another_machine_and_word_size(void **state)
{
    struct image arm = make_image(EM_AARCH64, "/elsewhere/lib/ld-test.so.2");
    Elf32_Ehdr small = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
                        .e_machine = EM_386};
    struct coverage_host host = host_of(EM_X86_64);
    char culprit[PATH_MAX];

    (void)state;
    assert_int_equal(inspect_image(&arm, 0755), COVERAGE_FOREIGN_ARCH);
    assert_int_equal(coverage_inspect(&host, write_file("small", &small, sizeof(small), 0755),
                                      culprit, sizeof(culprit)),
                     COVERAGE_FOREIGN_ARCH);
}

static void knows_a_setuid_program_of_another_user(void **state)
{
    struct image image = make_image(EM_X86_64, "/lib/ld-test.so.2");

    (void)state;
    assert_int_equal(inspect_image(&image, 04755), COVERAGE_SETUID);
    assert_int_equal(inspect_image(&image, 02755), COVERAGE_SETUID);
    /* Mandatory locking's old mark, not setgid. */
    assert_int_equal(inspect_image(&image, 02745), COVERAGE_UNKNOWN);
}

static void minds_no_setuid_program_that_raises_nothing(void **state)
{
    struct image image = make_image(EM_X86_64, "/lib/ld-test.so.2");
    struct coverage_host host = host_of(EM_X86_64);
    const char *path = write_file("own", &image, sizeof(image), 06755);
    char culprit[PATH_MAX];

    (void)state;
    host.no_new_privs = true;
    assert_int_equal(coverage_inspect(&host, path, culprit, sizeof(culprit)), COVERAGE_UNKNOWN);
    host.no_new_privs = false;
    host.uid = getuid();
    host.gid = getgid();
    assert_int_equal(coverage_inspect(&host, path, culprit, sizeof(culprit)), COVERAGE_UNKNOWN);
}

static void follows_scripts_to_what_runs_them(void **state)
{
    struct coverage_host host = host_of(EM_X86_64);
    struct image image = make_image(EM_X86_64, NULL);
    char culprit[PATH_MAX];
    char interpreter[PATH_MAX];
    char text[PATH_MAX + 16];

    (void)state;
    snprintf(interpreter, sizeof(interpreter), "%s",
             write_file("interpreter", &image, sizeof(image), 0755));
    int n = snprintf(text, sizeof(text), "#! \t%s -x\necho\n", interpreter);
    assert_int_equal(coverage_inspect(&host, write_file("script", text, (size_t)n, 0755), culprit,
                                      sizeof(culprit)),
                     COVERAGE_STATIC);
    assert_string_equal(culprit, interpreter);
}

static void ends_where_scripts_run_each_other(void **state)
{
    struct coverage_host host = host_of(EM_X86_64);
    char culprit[PATH_MAX];
    char text[PATH_MAX + 16];
    int n = snprintf(text, sizeof(text), "#!%s/loop\n", folder);

    (void)state;
    assert_int_equal(coverage_inspect(&host, write_file("loop", text, (size_t)n, 0755), culprit,
                                      sizeof(culprit)),
                     COVERAGE_UNKNOWN);
}

static void opens_nothing_but_regular_files(void **state)
{
    struct coverage_host host = host_of(EM_X86_64);
    char culprit[PATH_MAX];
    char path[PATH_MAX];

    (void)state;
    snprintf(path, sizeof(path), "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(coverage_inspect(&host, path, culprit, sizeof(culprit)), COVERAGE_UNKNOWN);
    assert_int_equal(coverage_inspect(&host, folder, culprit, sizeof(culprit)), COVERAGE_UNKNOWN);
    assert_int_equal(coverage_inspect(&host, "/dev/zero", culprit, sizeof(culprit)),
                     COVERAGE_UNKNOWN);
    assert_int_equal(coverage_inspect(&host, "/no/such", culprit, sizeof(culprit)),
                     COVERAGE_UNKNOWN);
}

static void knows_snaps_and_flatpaks_by_their_launchers(void **state)
{
    struct coverage_host host = host_of(EM_X86_64);
    char culprit[PATH_MAX];
    char link[PATH_MAX];

    (void)state;
    assert_int_equal(coverage_inspect(&host, "/snap/bin/firefox", culprit, sizeof(culprit)),
                     COVERAGE_SNAP);
    assert_int_equal(coverage_inspect(&host, "/var/lib/flatpak/exports/bin/org.mozilla.firefox",
                                      culprit, sizeof(culprit)),
                     COVERAGE_FLATPAK);
    /* /snap/bin/firefox is a link to the snap program; so is any name given to it. */
    char text[] = "x";
    write_file("snap", text, 1, 0755);
    snprintf(link, sizeof(link), "%s/firefox", folder);
    assert_int_equal(symlink("snap", link), 0);
    assert_int_equal(coverage_inspect(&host, link, culprit, sizeof(culprit)), COVERAGE_SNAP);
}

static void survives_every_damaged_header(void **state)
{
    struct image whole = make_image(EM_X86_64, "/lib/ld-test.so.2");
    struct coverage_host host = host_of(EM_X86_64);
    char culprit[PATH_MAX];

    (void)state;
    for (size_t len = 0; len < sizeof(whole); len++)
        (void)coverage_inspect(&host, write_file("cut", &whole, len, 0755), culprit,
                               sizeof(culprit));
    srand(1);
    for (int i = 0; i < 2000; i++) {
        struct image damaged = whole;
        unsigned char *bytes = (unsigned char *)&damaged;
        for (int n = 0; n < 4; n++)
            bytes[16 + (size_t)rand() % (sizeof(damaged) - 16)] = (unsigned char)rand();
        (void)coverage_inspect(&host, write_file("damaged", &damaged, sizeof(damaged), 0755),
                               culprit, sizeof(culprit));
    }
}

static void refuses_an_interpreter_that_runs_past_the_end(void **state)
{
    struct image image = make_image(EM_X86_64, "/lib/ld-test.so.2");
    struct elf_look look = {.machine = 7};
    int fd;

    (void)state;
    image.program[1].p_filesz = sizeof(image.interp) + 1;
    fd = open(write_file("long", &image, sizeof(image), 0755), O_RDONLY);
    assert_int_equal(elf_look_read(fd, &look), ELF_LOOK_DAMAGED);
    assert_int_equal(look.machine, 7);
    close(fd);
}

static void reads_programs_of_either_byte_order(void **state)
{
    unsigned char head[sizeof(Elf32_Ehdr)] = {0x7f,       'E',         'L',       'F',
                                              ELFCLASS32, ELFDATA2MSB, EV_CURRENT};
    struct elf_look look;
    int fd;

    (void)state;
    head[offsetof(Elf32_Ehdr, e_machine) + 1] = EM_PPC;
    fd = open(write_file("big", head, sizeof(head), 0755), O_RDONLY);
    assert_int_equal(elf_look_read(fd, &look), ELF_LOOK_OK);
    assert_int_equal(look.machine, EM_PPC);
    assert_false(look.has_interpreter);
    close(fd);
}

static void finds_nothing_against_this_machines_shell(void **state)
{
    struct coverage_host host;
    char culprit[PATH_MAX];

    (void)state;
    assert_true(coverage_host_init(&host, "/proc/self/exe"));
    assert_int_equal(coverage_inspect(&host, "/bin/sh", culprit, sizeof(culprit)),
                     COVERAGE_UNKNOWN);
    assert_int_equal(coverage_inspect(&host, "/proc/self/exe", culprit, sizeof(culprit)),
                     COVERAGE_UNKNOWN);
    assert_false(coverage_host_init(&host, "/etc/passwd"));
    assert_false(coverage_host_init(&host, "/no/such"));
}

static void finds_programs_as_execvp_does(void **state)
{
    char path[PATH_MAX];
    char expected[PATH_MAX + 16];

    (void)state;
    write_file("plain", "x", 1, 0644);
    write_file("found", "x", 1, 0755);
    setenv("PATH", folder, 1);
    assert_true(coverage_find_program("found", path));
    snprintf(expected, sizeof(expected), "%s/found", folder);
    assert_string_equal(path, expected);
    errno = 0;
    assert_false(coverage_find_program("plain", path));
    assert_int_equal(errno, EACCES);
    assert_false(coverage_find_program("nothing-here", path));
    assert_int_equal(errno, ENOENT);
    assert_false(coverage_find_program("", path));
    assert_int_equal(errno, ENOENT);
}

static void has_a_word_and_a_sentence_for_each_reason(void **state)
{
    (void)state;
    for (int c = COVERAGE_UNKNOWN; c <= COVERAGE_UNEXPLAINED; c++) {
        assert_true(strlen(coverage_word((enum coverage)c)) > 0);
        assert_true(strlen(coverage_sentence((enum coverage)c)) > 0);
        for (int other = COVERAGE_UNKNOWN; other < c; other++)
            assert_string_not_equal(coverage_word((enum coverage)c),
                                    coverage_word((enum coverage)other));
    }
}

static void tells_the_roles_of_browser_processes(void **state)
{
    static const struct {
        const char *exe, *cmdline, *role;
    } rows[] = {
        {"/usr/lib/firefox-esr/firefox-esr", "firefox-esr --headless http://x/", "browser"},
        {"/usr/lib/firefox-esr/firefox-esr",
         "/usr/lib/f -contentproc -parentBuildID 1 -appDir /x 1 socket", "socket"},
        {"/usr/lib/firefox-esr/firefox-esr", "/usr/lib/f -contentproc -appDir /x 2 forkserver",
         "forkserver"},
        {"/usr/lib/firefox-esr/firefox-esr",
         "/usr/lib/f -contentproc -isForBrowser -appDir /x 3 tab", "renderer"},
        {"/usr/lib/firefox-esr/firefox-esr", "/usr/lib/f -contentproc -appDir /x 3 novelty",
         "child"},
        {"/usr/lib/firefox-esr/crashhelper", "crashhelper 1 9 /tmp/ 12", "crash-handler"},
        {"/usr/lib/chromium/chromium",
         "/usr/lib/chromium/chromium --headless=new http://x/?--type=renderer", "browser"},
        {"/usr/lib/chromium/chromium",
         "/usr/lib/chromium/chromium --type=zygote --no-zygote-sandbox", "zygote"},
        {"/usr/lib/chromium/chromium", "/usr/lib/chromium/chromium --type=renderer --lang=en",
         "renderer"},
        {"/usr/lib/chromium/chromium", "chromium --type=gpu-process", "gpu"},
        {"/usr/lib/chromium/chromium",
         "/proc/self/exe --type=utility --utility-sub-type=network.mojom.NetworkService --lang=en",
         "network"},
        {"/usr/lib/chromium/chromium",
         "/proc/self/exe --type=utility --utility-sub-type=x.mojom.New", "utility"},
        {"/usr/lib/chromium/chrome_crashpad_handler", "chrome_crashpad_handler --monitor-self",
         "crash-handler"},
        {"/usr/lib/chromium/chromium", NULL, ""},
        {"/bin/sh", "/bin/sh /usr/bin/chromium", ""},
        {"/usr/bin/python3", NULL, ""},
        {NULL, NULL, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char role[ROLE_BYTES];
        role_of(rows[i].exe, rows[i].cmdline, role);
        assert_string_equal(role, rows[i].role);
    }
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(loader, sizeof(loader), "/lib64/ld-test.so.2");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[PATH_MAX + 16];

    (void)state;
    setenv("PATH", "/usr/bin:/bin", 1);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expects_a_program_of_the_same_libc_to_be_covered),
        cmocka_unit_test(knows_a_static_program),
        cmocka_unit_test(does_not_take_the_loader_for_a_static_program),
        cmocka_unit_test(knows_another_libc_by_its_loader),
        cmocka_unit_test(knows_another_machine_and_word_size),
        cmocka_unit_test(knows_a_setuid_program_of_another_user),
        cmocka_unit_test(minds_no_setuid_program_that_raises_nothing),
        cmocka_unit_test(follows_scripts_to_what_runs_them),
        cmocka_unit_test(ends_where_scripts_run_each_other),
        cmocka_unit_test(opens_nothing_but_regular_files),
        cmocka_unit_test(knows_snaps_and_flatpaks_by_their_launchers),
        cmocka_unit_test(survives_every_damaged_header),
        cmocka_unit_test(refuses_an_interpreter_that_runs_past_the_end),
        cmocka_unit_test(reads_programs_of_either_byte_order),
        cmocka_unit_test(finds_nothing_against_this_machines_shell),
        cmocka_unit_test(finds_programs_as_execvp_does),
        cmocka_unit_test(has_a_word_and_a_sentence_for_each_reason),
        cmocka_unit_test(tells_the_roles_of_browser_processes),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
