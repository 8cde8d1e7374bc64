// A Vulkan layer that lets a graphics processor fail in the ways that real ones do, when a test asks for it: the file that the environment variable FAULTY names holds "memory" (none
// is left), "submit" (the device is lost as work is given to it), "wait" (it is lost as its answer is waited for), "hang" (the answer never comes) or something else (all goes well).
// With the layer the software that plays a graphics processor says that it is a card. What a layer is:
// https://github.com/KhronosGroup/Vulkan-Loader/blob/main/docs/LoaderLayerInterface.md
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan.h>

static PFN_vkGetInstanceProcAddr nextInstance;
static PFN_vkGetDeviceProcAddr nextDevice;
static VkInstance instance;
static PFN_vkGetPhysicalDeviceProperties2 properties2;
static PFN_vkGetPhysicalDeviceProperties properties;
static PFN_vkQueueSubmit queueSubmit;
static PFN_vkAllocateMemory allocateMemory;
static PFN_vkWaitSemaphores waitSemaphores;
static PFN_vkGetSemaphoreCounterValue counterValue;
static PFN_vkWaitForFences waitForFences;
static PFN_vkGetFenceStatus fenceStatus;

static int fault(char const* name) {
	char asked[16] = "";
	FILE* f = fopen(getenv("FAULTY"), "r");
	if (f) {
		if (!fgets(asked, sizeof asked, f)) *asked = 0;
		asked[strcspn(asked, "\n")] = 0;
		fclose(f);
	}
	return !strcmp(asked, name);
}

static VKAPI_ATTR VkResult VKAPI_CALL faultyQueueSubmit(VkQueue q, uint32_t n, VkSubmitInfo const* s, VkFence f) {
	return fault("submit") ? VK_ERROR_DEVICE_LOST : queueSubmit(q, n, s, f);
}

static VKAPI_ATTR VkResult VKAPI_CALL faultyAllocateMemory(VkDevice d, VkMemoryAllocateInfo const* i, VkAllocationCallbacks const* c, VkDeviceMemory* m) {
	return fault("memory") ? VK_ERROR_OUT_OF_DEVICE_MEMORY : allocateMemory(d, i, c, m);
}

static VKAPI_ATTR VkResult VKAPI_CALL faultyWaitSemaphores(VkDevice d, VkSemaphoreWaitInfo const* i, uint64_t ns) {
	return fault("wait") ? VK_ERROR_DEVICE_LOST : fault("hang") ? VK_TIMEOUT : waitSemaphores(d, i, ns);
}

static VKAPI_ATTR VkResult VKAPI_CALL faultyCounterValue(VkDevice d, VkSemaphore s, uint64_t* v) {
	static uint64_t last; // a hanging device stays where it was
	if (fault("wait")) return VK_ERROR_DEVICE_LOST;
	VkResult r = counterValue(d, s, v);
	if (fault("hang")) *v = last;
	last = *v;
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL faultyWaitForFences(VkDevice d, uint32_t n, VkFence const* f, VkBool32 all, uint64_t ns) {
	return fault("wait") ? VK_ERROR_DEVICE_LOST : fault("hang") ? VK_TIMEOUT : waitForFences(d, n, f, all, ns);
}

static VKAPI_ATTR VkResult VKAPI_CALL faultyFenceStatus(VkDevice d, VkFence f) {
	return fault("wait") ? VK_ERROR_DEVICE_LOST : fault("hang") ? VK_NOT_READY : fenceStatus(d, f);
}

static void disguise(VkPhysicalDeviceProperties* p) {
	p->deviceType = VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU;
	strcpy(p->deviceName, "Faulty 9000");
}

static VKAPI_ATTR void VKAPI_CALL disguisedProperties(VkPhysicalDevice d, VkPhysicalDeviceProperties* p) {
	properties(d, p);
	disguise(p);
}

static VKAPI_ATTR void VKAPI_CALL disguisedProperties2(VkPhysicalDevice d, VkPhysicalDeviceProperties2* p) {
	properties2(d, p);
	disguise(&p->properties);
}

static VKAPI_ATTR VkResult VKAPI_CALL createInstance(VkInstanceCreateInfo const* i, VkAllocationCallbacks const* c, VkInstance* made) {
	VkLayerInstanceCreateInfo* link = (VkLayerInstanceCreateInfo*)i->pNext;
	while (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO) link = (VkLayerInstanceCreateInfo*)link->pNext;
	nextInstance = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	VkResult r = ((PFN_vkCreateInstance)nextInstance(NULL, "vkCreateInstance"))(i, c, made);
	if (r != VK_SUCCESS) return r;
	instance = *made;
	properties = (PFN_vkGetPhysicalDeviceProperties)nextInstance(instance, "vkGetPhysicalDeviceProperties");
	properties2 = (PFN_vkGetPhysicalDeviceProperties2)nextInstance(instance, "vkGetPhysicalDeviceProperties2");
	return r;
}

static VKAPI_ATTR VkResult VKAPI_CALL createDevice(VkPhysicalDevice p, VkDeviceCreateInfo const* i, VkAllocationCallbacks const* c, VkDevice* made) {
	VkLayerDeviceCreateInfo* link = (VkLayerDeviceCreateInfo*)i->pNext;
	while (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO || link->function != VK_LAYER_LINK_INFO) link = (VkLayerDeviceCreateInfo*)link->pNext;
	nextDevice = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
	link->u.pLayerInfo = link->u.pLayerInfo->pNext;
	VkResult r = ((PFN_vkCreateDevice)nextInstance(instance, "vkCreateDevice"))(p, i, c, made);
	if (r != VK_SUCCESS) return r;
	queueSubmit = (PFN_vkQueueSubmit)nextDevice(*made, "vkQueueSubmit");
	allocateMemory = (PFN_vkAllocateMemory)nextDevice(*made, "vkAllocateMemory");
	waitSemaphores = (PFN_vkWaitSemaphores)nextDevice(*made, "vkWaitSemaphores");
	counterValue = (PFN_vkGetSemaphoreCounterValue)nextDevice(*made, "vkGetSemaphoreCounterValue");
	waitForFences = (PFN_vkWaitForFences)nextDevice(*made, "vkWaitForFences");
	fenceStatus = (PFN_vkGetFenceStatus)nextDevice(*made, "vkGetFenceStatus");
	return r;
}

static PFN_vkVoidFunction own(char const* name) {
	static struct { char const* name; void* f; } const all[] = {
		{"vkCreateInstance", createInstance}, {"vkCreateDevice", createDevice}, {"vkGetPhysicalDeviceProperties", disguisedProperties},
		{"vkGetPhysicalDeviceProperties2", disguisedProperties2}, {"vkGetPhysicalDeviceProperties2KHR", disguisedProperties2}, {"vkQueueSubmit", faultyQueueSubmit}, {"vkAllocateMemory", faultyAllocateMemory},
		{"vkWaitSemaphores", faultyWaitSemaphores}, {"vkWaitSemaphoresKHR", faultyWaitSemaphores}, {"vkGetSemaphoreCounterValue", faultyCounterValue},
		{"vkGetSemaphoreCounterValueKHR", faultyCounterValue}, {"vkWaitForFences", faultyWaitForFences}, {"vkGetFenceStatus", faultyFenceStatus},
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strcmp(all[i].name, name)) return (PFN_vkVoidFunction)all[i].f;
	return NULL;
}

VK_LAYER_EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL faultyGetDeviceProcAddr(VkDevice d, char const* name) {
	PFN_vkVoidFunction f = !strcmp(name, "vkGetDeviceProcAddr") ? (PFN_vkVoidFunction)faultyGetDeviceProcAddr : own(name);
	return f ? f : nextDevice(d, name);
}

VK_LAYER_EXPORT VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL faultyGetInstanceProcAddr(VkInstance i, char const* name) {
	PFN_vkVoidFunction f = !strcmp(name, "vkGetInstanceProcAddr") ? (PFN_vkVoidFunction)faultyGetInstanceProcAddr
		: !strcmp(name, "vkGetDeviceProcAddr") ? (PFN_vkVoidFunction)faultyGetDeviceProcAddr : own(name);
	return f ? f : nextInstance(i, name);
}
