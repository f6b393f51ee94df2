/* Writes to memory it gave back: proves that the checker which contract.rs was told to use (valgrind, ASan, TSan) is
 * looking. */
#include <stdlib.h>

int main(void)
{
    char *volatile memory = malloc(8);
    free(memory);
    memory[7] = 0;
    return 0;
}
