//go:build cgo

package gpu

/*
#include <stdint.h>
#include <stdlib.h>

// Of wgpu-native's webgpu.h, which the library comes with.
typedef struct WGPUBufferImpl* WGPUBuffer;
typedef void (*MapCallback)(int status, void* userdata);
extern void wgpuBufferMapAsync(WGPUBuffer buffer, uint32_t mode, size_t offset, size_t size, MapCallback callback, void* userdata);

// newInstance starts the library with the interfaces that compute: not with OpenGL, which looks for a display and complains without one.
typedef struct Chained { struct Chained const* next; uint32_t type; } Chained;
typedef struct { Chained chain; uint32_t backends, flags, dx12, gles3; char const *dxil, *dxc; } InstanceExtras;
typedef struct { Chained const* next; } InstanceDescriptor;
extern void* wgpuCreateInstance(InstanceDescriptor const*);
static void* newInstance(uint32_t backends) {
	InstanceExtras extras = {{NULL, 0x00030006}, backends, 0, 0, 0, NULL, NULL};
	InstanceDescriptor descriptor = {(Chained const*)&extras};
	return wgpuCreateInstance(&descriptor);
}

// mapped is told, in memory of C's own, how a mapping ended.
static void mapped(int status, void* userdata) { *(int*)userdata = status + 1; }
static void mapBuffer(void* buffer, size_t size, int* done) { wgpuBufferMapAsync((WGPUBuffer)buffer, 1, 0, size, mapped, done); }
*/
import "C"

import (
	"fmt"
	"os"
	"time"
	"unsafe"

	"github.com/cogentcore/webgpu/wgpu"
)

// newInstance starts the library. The package wgpu leaves a part of what it tells it unset.
func newInstance() *wgpu.Instance {
	wgpu.SetLogLevel(wgpu.LogLevelOff) // what goes wrong comes back as errors
	i := &wgpu.Instance{}
	*(*unsafe.Pointer)(unsafe.Pointer(i)) = C.newInstance(C.uint32_t(wgpu.InstanceBackendVulkan | wgpu.InstanceBackendMetal | wgpu.InstanceBackendDX12))
	return i
}

// quietly keeps drivers from complaining on standard error that there is no display, which they look for as they start: they are told a folder to look in.
func quietly() (restore func()) {
	const runtime = "XDG_RUNTIME_DIR"
	if os.Getenv(runtime) != "" {
		return func() {}
	}
	os.Setenv(runtime, os.TempDir())
	return func() { os.Unsetenv(runtime) }
}

// mapped lets the host read the first bytes of a buffer, once all that was submitted is done. The package wgpu can do that too, but hands C a pointer to memory of Go
// that may be gone when C writes there; here it is memory of C. A driver that hangs never gets there: package subprocess ends the process then.
func (d *device) mapped(b *wgpu.Buffer, bytes uint) error {
	done := (*C.int)(C.calloc(1, C.size_t(unsafe.Sizeof(C.int(0)))))
	C.mapBuffer(handle(b), C.size_t(bytes), done)
	for begun := time.Now(); *done == 0; {
		d.wgpu.Poll(false, nil)
		pause(time.Since(begun))
	}
	status := *done - 1
	C.free(unsafe.Pointer(done))
	if status != 0 {
		return Lost(d.name(), fmt.Errorf("mapping ended with status %d", status))
	}
	return nil
}

// handle is wgpu's own of a buffer: the second field of its type, of the device's and the buffer's.
func handle(b *wgpu.Buffer) unsafe.Pointer {
	return (*struct{ device, buffer unsafe.Pointer })(unsafe.Pointer(b)).buffer
}

// pause lets others work between two looks: a short step is looked for again and again, a long one seldom.
func pause(waited time.Duration) {
	if waited > 200*time.Microsecond {
		time.Sleep(min(waited/10, 5*time.Millisecond))
	}
}
