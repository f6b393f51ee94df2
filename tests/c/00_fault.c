/* Reads past its memory: proves that the checker which contract.rs was told to use (valgrind, ASan) is looking. */
#include <stdlib.h>

int main(int count, char **arguments)
{
    (void)arguments;
    volatile char *memory = malloc(8);
    memory[7] = 0;
    return memory[7 + (count > 0)] & 0;
}
