#include "web/http_server.h"

#include <arpa/inet.h>

#include <atomic>
#include <condition_variable>
#include <nlohmann/json.hpp>
#include <restinio/all.hpp>
#include <thread>

#include "base/check.h"
#include "base/clock.h"
#include "base/file.h"
#include "web/router.h"
#include "web/static_files.h"

namespace nrid::web {
namespace {

struct Traits : restinio::default_traits_t {
  static constexpr bool use_connection_count_limiter = true;
};

constexpr std::pair<const char*, const char*> kSecurityHeaders[] = {
    // All scripts and styles are files of this server; text of aircraft can never become one.
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
     "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

// Server-sent events over one chunked response. The builder is used by one thread at a time: the hub has one send()
// under way, and close() takes the same lock.
class ChunkedSink final : public EventSink {
 public:
  using Builder = restinio::response_builder_t<restinio::chunked_output_t>;
  explicit ChunkedSink(Builder builder) : builder_(std::make_unique<Builder>(std::move(builder))) {}

  void send(std::string octets, std::function<void(bool)> done) override {
    const std::lock_guard lock(mutex_);
    if (!builder_) {
      // The hub has forgotten this client already; nobody waits for the answer.
      return;
    }
    builder_->append_chunk(std::move(octets));
    builder_->flush([done = std::move(done)](const auto& error) { done(!error); });
  }

  void close() override {
    const std::lock_guard lock(mutex_);
    if (!builder_) return;
    builder_->done();
    builder_.reset();
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<Builder> builder_;
};

RawRequest raw_of(const restinio::request_t& request) {
  RawRequest raw;
  const auto& header = request.header();
  raw.method = header.method().c_str();
  raw.target = header.request_target();
  header.for_each_field([&](const auto& field) {
    std::string name = field.name();
    for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    raw.headers.emplace(std::move(name), field.value());
  });
  raw.body = request.body();
  return raw;
}

template <class Builder>
void put_headers(Builder& builder, const HttpResponse& response) {
  for (const auto& [name, value] : kSecurityHeaders) builder.append_header(name, value);
  bool cached = false;
  for (const auto& [name, value] : response.headers) {
    cached = cached || name == "Cache-Control";
    builder.append_header(name, value);
  }
  if (!cached) builder.append_header("Cache-Control", "no-store");
  builder.append_header(restinio::http_field::content_type, response.content_type);
}

std::string_view reason_of(int status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 425: return "Too Early";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Status";
  }
}

}  // namespace

struct HttpServer::Impl {
  HttpOptions options;
  SseHub& hub;
  LoopbackLogin loopback;
  Router router;
  struct Part { std::string module; PagePart part; };
  std::vector<Part> parts;
  std::function<std::string()> metrics;
  std::function<std::string()> trouble;
  bool page_loaded = false;
  // RESTinio's own runner opens and closes the acceptor while its threads use it; here both happen while none runs.
  using Server = restinio::http_server_t<Traits>;
  std::unique_ptr<restinio::asio_ns::io_context> loop;
  std::unique_ptr<Server> server;
  std::vector<std::thread> workers;
  uint16_t port = 0;

  // Tells open pages the server's time, so that they notice a server that no longer speaks.
  std::thread beat;
  std::mutex beat_mutex;
  std::condition_variable beat_wake;
  bool stopping = false;

  Impl(HttpOptions given, SseHub& events, Login* login)
      : options(std::move(given)), hub(events), router(login ? *login : loopback, options.body_max) {}

  void add_own_routes();
  Status load_page();
  Status bind();
  restinio::request_handling_status_t handle(const restinio::request_handle_t& request);
  restinio::request_handling_status_t reply(const restinio::request_handle_t& request, const Answer& answer);
  restinio::request_handling_status_t stream(const restinio::request_handle_t& request, const Answer& answer);
  void run_beat();
};

HttpServer::HttpServer(HttpOptions options, SseHub& hub, Login* login)
    : impl_(std::make_unique<Impl>(std::move(options), hub, login)) {
  impl_->add_own_routes();
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::add_routes(std::string_view module, std::vector<Route> routes) {
  CHECK(!impl_->server);
  for (Route& route : routes) impl_->router.add(module, std::move(route));
}

void HttpServer::add_page_part(std::string_view module, PagePart part) {
  CHECK(!impl_->server);
  impl_->parts.push_back({std::string(module), std::move(part)});
}

void HttpServer::set_metrics(std::function<std::string()> text) { impl_->metrics = std::move(text); }
void HttpServer::set_health(std::function<std::string()> trouble) { impl_->trouble = std::move(trouble); }
void HttpServer::set_log(std::function<void(const std::string&)> log) { impl_->router.on_failure(std::move(log)); }
uint16_t HttpServer::port() const { return impl_->port; }

void HttpServer::Impl::add_own_routes() {
  const auto json = [](std::string body) {
    HttpResponse response;
    response.body = std::move(body);
    return response;
  };
  router.add("web", {"GET", "/healthz", Role::anyone, "200 while the server works, else 503 with the reason",
                     [this, json](const HttpRequest&) {
                       const std::string reason = trouble ? trouble() : "";
                       return reason.empty() ? json("{\"status\":\"ok\"}\n") : error_response(503, "unhealthy", reason);
                     }});
  router.add("web", {"GET", "/metrics", Role::viewer, "counters and gauges in Prometheus' text form",
                     [this](const HttpRequest&) {
                       HttpResponse response;
                       response.content_type = Metrics::kContentType;
                       if (metrics) response.body = metrics();
                       return response;
                     }});
  router.add("web", {"GET", "/api", Role::viewer, "this table of routes",
                     [this, json](const HttpRequest&) { return json(router.table_json()); }});
  router.add("web", {"GET", "/api/page", Role::viewer, "the parts of the page, in order",
                     [this, json](const HttpRequest&) {
                       nlohmann::json list = nlohmann::json::array();
                       for (const Part& part : parts) {
                         list.push_back({{"module", part.module}, {"title", part.part.title}, {"script", part.part.script},
                                         {"style", part.part.style}});
                       }
                       return json(nlohmann::json{{"parts", std::move(list)}}.dump() + "\n");
                     }});
  router.add("web", {"GET", "/events", Role::viewer, "server-sent events: position, flight, beat, resync",
                     [this](const HttpRequest&) {
                       if (hub.full()) return error_response(503, "events_full", "too many pages listen to events already");
                       HttpResponse response;
                       response.content_type = "text/event-stream";
                       return response;
                     }},
             Router::Kind::stream);
}

Status HttpServer::Impl::load_page() {
  if (page_loaded) return {};  // a second start() after the port was occupied
  const std::string page_dir = options.page_dir.empty() ? installed_file("page") : options.page_dir;
  StaticFiles files;
  TRY_VOID(files.add_frame(page_dir));
  TRY_VOID(files.add_leaflet(options.leaflet_dir));
  for (const Part& part : parts) TRY_VOID(files.add_part(page_dir, part.module, part.part));
  for (const auto& file : files.files()) {
    router.add("web", {"GET", file->url, Role::anyone, "a file of the page",
                       [file](const HttpRequest& request) { return StaticFiles::answer(*file, request); }},
               Router::Kind::hidden);
  }
  page_loaded = true;
  return {};
}

Status HttpServer::Impl::bind() {
  restinio::server_settings_t<Traits> settings;
  settings.address(options.address)
      .port(options.port)
      .protocol(options.address.find(':') == std::string::npos ? restinio::asio_ns::ip::tcp::v4() : restinio::asio_ns::ip::tcp::v6())
      .max_parallel_connections(options.connections_max)
      .read_next_http_message_timelimit(std::chrono::seconds(options.read_timeout_s))
      .write_http_response_timelimit(std::chrono::seconds(options.write_timeout_s))
      .handle_request_timeout(std::chrono::hours(24))  // an event stream is one request that never ends
      .max_pipelined_requests(4)
      .incoming_http_msg_limits(restinio::incoming_http_msg_limits_t{}
                                    .max_url_size(8192).max_field_name_size(256).max_field_value_size(8192).max_field_count(64)
                                    .max_body_size(4 * options.body_max))
      .acceptor_options_setter([](auto& acceptor) { acceptor.set_option(restinio::asio_ns::ip::tcp::acceptor::reuse_address(true)); })
      .acceptor_post_bind_hook([this](auto& acceptor) { port = acceptor.local_endpoint().port(); })
      .request_handler([this](const restinio::request_handle_t& request) { return handle(request); });
  loop = std::make_unique<restinio::asio_ns::io_context>();
  server = std::make_unique<Server>(restinio::external_io_context(*loop), std::move(settings));
  try {
    server->open_sync();
  } catch (const std::exception& failure) {
    server.reset();
    loop.reset();
    port = 0;
    return Status::failed("web: cannot listen on " + options.address + " port " + std::to_string(options.port) + ": " + failure.what());
  }
  for (int i = 0; i < options.threads; ++i) workers.emplace_back([this] { loop->run(); });
  return {};
}

Status HttpServer::start() {
  CHECK(!impl_->server);
  TRY_VOID(impl_->load_page());
  TRY_VOID(impl_->bind());
  impl_->beat = std::thread([this] { impl_->run_beat(); });
  return {};
}

void HttpServer::stop() {
  if (!impl_->server) return;
  {
    const std::lock_guard lock(impl_->beat_mutex);
    impl_->stopping = true;
  }
  impl_->beat_wake.notify_all();
  impl_->beat.join();
  impl_->hub.close_all();
  impl_->loop->stop();
  for (std::thread& worker : impl_->workers) worker.join();
  impl_->workers.clear();
  impl_->server.reset();
  impl_->loop.reset();  // closes what connections are left
  impl_->stopping = false;
}

void HttpServer::Impl::run_beat() {
  const SystemClock clock;
  std::unique_lock lock(beat_mutex);
  while (!stopping) {
    lock.unlock();
    hub.publish("beat", "{\"now_ms\":" + std::to_string(clock.now().wall.us / 1000) + "}");
    lock.lock();
    beat_wake.wait_for(lock, std::chrono::seconds(2), [this] { return stopping; });
  }
}

restinio::request_handling_status_t HttpServer::Impl::handle(const restinio::request_handle_t& request) {
  const Answer answer = router.answer(raw_of(*request));
  return answer.stream ? stream(request, answer) : reply(request, answer);
}

restinio::request_handling_status_t HttpServer::Impl::reply(const restinio::request_handle_t& request, const Answer& answer) {
  const HttpResponse& response = answer.response;
  const restinio::http_status_line_t line{restinio::http_status_code_t{static_cast<uint16_t>(response.status)},
                                          std::string(reason_of(response.status))};
  if (answer.head_only || response.status == 304 || response.status == 204) {
    auto builder = request->create_response<restinio::user_controlled_output_t>(line);
    builder.set_content_length(response.body.size());
    put_headers(builder, response);
    return builder.done();
  }
  auto builder = request->create_response(line);
  put_headers(builder, response);
  builder.set_body(response.body);
  return builder.done();
}

restinio::request_handling_status_t HttpServer::Impl::stream(const restinio::request_handle_t& request, const Answer& answer) {
  auto builder = request->create_response<restinio::chunked_output_t>(restinio::status_ok());
  put_headers(builder, answer.response);
  auto sink = std::make_shared<ChunkedSink>(std::move(builder));
  if (!hub.open(sink)) sink->close();  // filled up since the router looked
  return restinio::request_accepted();
}

}  // namespace nrid::web
