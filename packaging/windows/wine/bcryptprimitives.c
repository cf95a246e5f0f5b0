/* What Wine 8 lacks of bcryptprimitives.dll: ProcessPrng, over RtlGenRandom, which advapi32 exports as SystemFunction036
   (learn.microsoft.com, RtlGenRandom). For tests under Wine; Windows has its own. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
  return SystemFunction036(data, (ULONG)length);
}
