/* Runs a program to which io_uring is refused, as a container's seccomp profile does it:
 *   forbid_rings EPERM|ENOSYS PROGRAM ARGUMENT...
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: forbid_rings EPERM|ENOSYS PROGRAM ARGUMENT...\n");
    return 2;
  }
  unsigned refusal = strcmp(words[1], "ENOSYS") == 0 ? ENOSYS : EPERM;
  /* io_uring_setup, io_uring_enter, io_uring_register: 425 to 427 everywhere. */
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 425, 0, 2),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 427, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refusal),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    perror("forbid_rings");
    return 1;
  }
  execvp(words[2], words + 2);
  perror(words[2]);
  return 127;
}
