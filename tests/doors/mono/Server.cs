// SPDX-License-Identifier: MIT
// A server of ASP.NET SignalR 2 under Mono, with its Redis backplane at the node: the real Microsoft.AspNet.SignalR.Core, which
// does everything but two things. OWIN over HttpListener is made here, and so is the thin layer between its ScaleoutMessageBus and
// StackExchange.Redis. Usage: Server URL CONNECTION-STRING KEY SCRIPT-FILE
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNet.SignalR;
using Microsoft.AspNet.SignalR.Hosting;
using Microsoft.AspNet.SignalR.Hubs;
using Microsoft.AspNet.SignalR.Infrastructure;
using Microsoft.AspNet.SignalR.Messaging;
using StackExchange.Redis;

/* The methods that the tests of hosted hubs call, too. */
[HubName("ChatHub")]
public class ChatHub : Hub
{
    public void Send(string name, string text) { Clients.All.broadcastMessage(name, text); }
    public void SendToOthers(string name, string text) { Clients.Others.broadcastMessage(name, text); }
    public void SendToGroup(string group, string name, string text) { Clients.Group(group).broadcastMessage(name, text); }
    public void SendToClient(string id, string name, string text) { Clients.Client(id).broadcastMessage(name, text); }
    public void SendToUser(string user, string name, string text) { Clients.User(user).broadcastMessage(name, text); }
    public Task Join(string group) { return Groups.Add(Context.ConnectionId, group); }
    public Task JoinOther(string group, string id) { return Groups.Add(id, group); }
    public Task LeaveOther(string group, string id) { return Groups.Remove(id, group); }
}

/* What Microsoft.AspNet.SignalR.StackExchangeRedis does: frames in a script, "id frame" on the channel. */
class RedisBus : ScaleoutMessageBus
{
    readonly string key, script;
    readonly ConnectionMultiplexer redis;

    public RedisBus(IDependencyResolver resolver, string connection, string key, string script)
        : base(resolver, new ScaleoutConfiguration())
    {
        this.key = key;
        this.script = script;
        redis = ConnectionMultiplexer.Connect(connection);
        redis.GetSubscriber().Subscribe(key).OnMessage(message => Receive(message.Message));
        Open(0);
    }

    protected override Task Send(int streamIndex, IList<Message> messages)
    {
        byte[] body = new ScaleoutMessage(messages).ToBytes();
        byte[] frame = BitConverter.GetBytes(body.Length).Concat(body).ToArray();
        return redis.GetDatabase().ScriptEvaluateAsync(script, new RedisKey[] { key }, new RedisValue[] { frame });
    }

    void Receive(byte[] message)
    {
        int space = Array.IndexOf(message, (byte)' ');
        ulong id = ulong.Parse(Encoding.ASCII.GetString(message, 0, space));
        int length = BitConverter.ToInt32(message, space + 1);
        OnReceived(0, id, ScaleoutMessage.FromBytes(message.Skip(space + 5).Take(length).ToArray()));
    }
}

class QueryUser : IUserIdProvider
{
    public string GetUserId(IRequest request) { return request.QueryString["user"]; }
}

/* Tokens need no protection here. */
class PlainData : IProtectedData
{
    public string Protect(string data, string purpose) { return Convert.ToBase64String(Encoding.UTF8.GetBytes(data)); }
    public string Unprotect(string data, string purpose) { return Encoding.UTF8.GetString(Convert.FromBase64String(data)); }
}

static class Server
{
    static async Task Serve(HttpListenerContext context, IDependencyResolver resolver)
    {
        var cancelled = new CancellationTokenSource();
        var request = context.Request;
        var response = context.Response;
        var headers = request.Headers.AllKeys.ToDictionary(name => name, name => request.Headers.GetValues(name),
            StringComparer.OrdinalIgnoreCase);
        response.SendChunked = true;
        var answer = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase);
        var environment = new Dictionary<string, object> {
            { "owin.Version", "1.0" }, { "owin.CallCancelled", cancelled.Token },
            { "owin.RequestMethod", request.HttpMethod }, { "owin.RequestScheme", "http" }, { "owin.RequestProtocol", "HTTP/1.1" },
            { "owin.RequestPathBase", "/signalr" }, { "owin.RequestPath", request.Url.AbsolutePath.Substring("/signalr".Length) },
            { "owin.RequestQueryString", request.Url.Query.TrimStart('?') },
            { "owin.RequestHeaders", headers }, { "owin.RequestBody", request.InputStream },
            { "owin.ResponseHeaders", answer }, { "owin.ResponseBody", response.OutputStream },
        };
        try
        {
            var dispatcher = new HubDispatcher(new HubConfiguration { Resolver = resolver, EnableDetailedErrors = true });
            dispatcher.Initialize(resolver);
            await dispatcher.ProcessRequest(environment);
            object status;
            if (environment.TryGetValue("owin.ResponseStatusCode", out status) && (int)status != 200)
            {
                response.StatusCode = (int)status; // nothing has been written then
            }
        }
        catch (Exception error)
        {
            Console.WriteLine("request: " + error);
        }
        try { response.Close(); } catch (Exception) { }
        cancelled.Cancel();
    }

    static void Main(string[] args)
    {
        var resolver = new DefaultDependencyResolver();
        var bus = new RedisBus(resolver, args[1], args[2], File.ReadAllText(args[3]));
        resolver.Register(typeof(IMessageBus), () => bus);
        resolver.Register(typeof(IProtectedData), () => new PlainData());
        resolver.Register(typeof(IUserIdProvider), () => new QueryUser());
        resolver.InitializeHost("test", CancellationToken.None);
        ThreadPool.SetMinThreads(50, 50);
        var listener = new HttpListener();
        listener.Prefixes.Add(args[0]);
        listener.Start();
        Console.WriteLine("listening");
        for (;;)
        {
            var context = listener.GetContext();
            Task.Run(() => Serve(context, resolver));
        }
    }
}
