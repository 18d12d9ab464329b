// SPDX-License-Identifier: MIT
// CONNECTION_STRING HUB CONNECTION_ID: every operation of the Management SDK in transient mode, on the user ann's
// connection. Prints a line for each, "name" or "name: what it returned"; ends with the exception that stopped it.
using System;
using System.Threading.Tasks;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Azure.SignalR.Management;

var (hub, id) = (args[1], args[2]);
using var manager = new ServiceManagerBuilder().WithOptions(options =>
{
    options.ConnectionString = args[0];
    options.ServiceTransportType = ServiceTransportType.Transient;
}).BuildServiceManager();
Console.WriteLine($"healthy: {await manager.IsServiceHealthy(default)}");
await using var context = await manager.CreateHubContextAsync(hub, default);

async Task Do(string name, Task task)
{
    await task;
    Console.WriteLine(name);
}

async Task Ask(string name, Task<bool> task) => Console.WriteLine($"{name}: {await task}");

await Do("all", context.Clients.All.SendAsync("say", "all", 1));
await Do("all but one", context.Clients.AllExcept(new[] { id }).SendAsync("say", "all but one", 2));
await Do("user", context.Clients.User("ann").SendAsync("say", "user", new { x = 3 }));
await Do("connection", context.Clients.Client(id).SendAsync("say", "connection", 4));
await Ask("connection exists", context.ClientManager.ConnectionExistsAsync(id));
await Ask("another exists", context.ClientManager.ConnectionExistsAsync("nobody"));
await Ask("user exists", context.ClientManager.UserExistsAsync("ann"));
await Ask("another user exists", context.ClientManager.UserExistsAsync("nobody/é"));
await Do("add to group", context.Groups.AddToGroupAsync(id, "a room"));
await Do("add another to group", context.Groups.AddToGroupAsync("nobody", "a room"));
await Ask("group exists", context.ClientManager.GroupExistsAsync("a room"));
await Ask("another group exists", context.ClientManager.GroupExistsAsync("nowhere"));
await Do("group", context.Clients.Group("a room").SendAsync("say", "group", 5));
await Do("remove from group", context.Groups.RemoveFromGroupAsync(id, "a room"));
await Ask("user in group", context.UserGroups.IsUserInGroup("ann", "a room"));
await Do("add user to group", context.UserGroups.AddToGroupAsync("ann", "a room"));
await Do("remove user from group", context.UserGroups.RemoveFromGroupAsync("ann", "a room"));
await Do("remove user from all groups", context.UserGroups.RemoveFromAllGroupsAsync("ann"));
await Do("close", context.ClientManager.CloseConnectionAsync(id, "the SDK says so"));
