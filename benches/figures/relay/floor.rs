//! What any server costs that takes and gives JSON of the same size: axum's router and serve, typed bodies, no rules, no
//! store, no limits.

use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use super::load::DATA;

#[derive(Serialize, Deserialize)]
struct Payload {
    r#type: String,
    data: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Display {
    title: String,
    description: String,
    #[serde(rename = "imageURL")]
    image_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Create {
    payload: Payload,
    display_information: Display,
}

#[derive(Deserialize)]
struct Update {
    payload: Payload,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    url_link: &'static str,
    is_push_notification_supported: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    payload: Payload,
    display_information: Display,
    expiration: &'static str,
}

async fn create(Json(create): Json<Create>) -> Json<Created> {
    std::hint::black_box((create.payload, create.display_information));
    Json(Created {
        url_link: "http://127.0.0.1/v1/m/2bba630e-519b-41ac-81d3-0242ac130003",
        is_push_notification_supported: false,
    })
}

/// With the content at once where the relay's answer would wait for another.
async fn update(headers: HeaderMap, Json(update): Json<Update>) -> Response {
    std::hint::black_box(update.payload);
    if headers.contains_key("prefer") {
        return read().await.into_response();
    }
    Json(false).into_response()
}

async fn read() -> Json<Content> {
    Json(Content {
        payload: Payload {
            r#type: "GSS_API".to_owned(),
            data: "x".repeat(DATA),
        },
        display_information: Display {
            title: "t".to_owned(),
            description: "d".to_owned(),
            image_url: String::new(),
        },
        expiration: "2030-01-01T00:00:00Z",
    })
}

/// Serves until the process is ended, and says where.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mailbox = put(update).post(read).delete(async || ());
        let router = Router::new()
            .route("/v1/m", post(create))
            .route("/v1/m/{id}", mailbox);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        axum::serve(listener, router).await.unwrap();
    });
}
