//! The exchanges of every journey as the Locust suite's documentation has them, with the decisions
//! where shopblast differs. Written by hand, not taken from the program.
//!
//! ```text
//! = journey | events by domain (Identity Catalogue Ordering Inventory Payments) | outbox events
//! code status method path | statistic name | fields of the body | what the reply gives
//! ```
//!
//! Code: A the journey ends when the step fails, C it goes on, L the loop ends, K what follows under
//! x is sent and the journey ends. `+` before it: sent at once, in the same step as the line before.
//! W after the fields: with the gateway's signature. `{var}` in a path is an id from an earlier
//! reply, `{a/b}` the first of two that there is; a line whose id is missing is not sent, nor one
//! whose `if` is not met. Fields: `name` anything, `name=value`, `name=$var` an id from a reply,
//! `name=$var|prefix` that or a made-up one, `name?var~prefix` a made-up one, the same throughout.
//! `@word` stands for the fields of a generator.

/// Fields of the generators.
pub const GENERATORS: &[(&str, &str)] = &[
    (
        "@registration",
        "external_id~EXT-LT- email first_name last_name",
    ),
    (
        "@address",
        "label street city state postal_code country=US geo_lat geo_lng",
    ),
    (
        "@product",
        "sku~PROD- seller_id~seller- title description brand visibility meta_title meta_description slug",
    ),
    (
        "@variant",
        "attributes base_price currency=USD weight_value weight_unit=kg length width height dimension_unit=cm",
    ),
    ("@image", "url~https://cdn.example.com/images/ alt_text"),
    (
        "@order",
        "items shipping_address billing_address shipping_cost tax_total discount_total=0.0 currency=USD",
    ),
    ("@cart_item", "product_id~prod- variant_id~var- quantity"),
    ("@checkout", "shipping billing payment_method"),
    (
        "@order_item",
        "product_id~prod- variant_id~var- sku~ORD- title quantity unit_price",
    ),
    (
        "@shipment",
        "shipment_id~ship- carrier tracking_number~TRK estimated_delivery",
    ),
    ("@warehouse", "name address capacity"),
    ("@stock", "sku~INV- reorder_point=10 reorder_quantity=50"),
    (
        "@payment",
        "amount currency=USD payment_method_type last4 idempotency_key~idem-",
    ),
    (
        "@success",
        "gateway_transaction_id~gtx- gateway_status=succeeded",
    ),
    (
        "@failure",
        "gateway_transaction_id~gtx- gateway_status=failed failure_reason",
    ),
    ("@invoice", "line_items tax"),
];

/// Every journey and direct task. The saga is there twice: with success and with failure. The races
/// at the end are not the suite's; they stand here as they are sent one after the other.
pub const JOURNEYS: &str = r#"
= NewCustomerJourney | 5 0 0 0 0 | 5
A 201 POST /customers | POST /customers | @registration phone date_of_birth | customer
C 200 PUT /customers/{customer}/profile | PUT /customers/{id}/profile | first_name last_name phone date_of_birth |
C 201 POST /customers/{customer}/addresses | POST /customers/{id}/addresses | @address |
C 201 POST /customers/{customer}/addresses | POST /customers/{id}/addresses | @address |
C 200 PUT /customers/{customer}/tier | PUT /customers/{id}/tier | new_tier=Silver |

= AccountLifecycleJourney | 4 0 0 0 0 | 4
A 201 POST /customers | POST /customers | @registration | customer
C 200 PUT /customers/{customer}/suspend | PUT /customers/{id}/suspend | reason=Load_test_suspension |
C 200 PUT /customers/{customer}/reactivate | PUT /customers/{id}/reactivate | |
C 200 PUT /customers/{customer}/close | PUT /customers/{id}/close | |

= TierProgressionJourney | 4 0 0 0 0 | 4
A 201 POST /customers | POST /customers | @registration | customer
C 200 PUT /customers/{customer}/tier | PUT /customers/{id}/tier | new_tier=Silver |
C 200 PUT /customers/{customer}/tier | PUT /customers/{id}/tier | new_tier=Gold |
C 200 PUT /customers/{customer}/tier | PUT /customers/{id}/tier | new_tier=Platinum |

= ProductCatalogBuilder | 0 6 0 0 0 | 6
A 201 POST /products | POST /products | @product | product
C 201 POST /products/{product}/variants | POST /products/{id}/variants | variant_sku~VAR- @variant |
C 201 POST /products/{product}/variants | POST /products/{id}/variants | variant_sku~VAR- @variant |
C 201 POST /products/{product}/images | POST /products/{id}/images | @image is_primary=true |
C 201 POST /products/{product}/images | POST /products/{id}/images | @image is_primary=false |
C 200 PUT /products/{product}/activate | PUT /products/{id}/activate | |

= ProductLifecycleJourney | 0 5 0 0 0 | 5
A 201 POST /products | POST /products | @product | product
A 201 POST /products/{product}/variants | POST /products/{id}/variants | variant_sku~VAR- @variant |
A 200 PUT /products/{product}/activate | PUT /products/{id}/activate | |
C 200 PUT /products/{product}/discontinue | PUT /products/{id}/discontinue | |
C 200 PUT /products/{product}/archive | PUT /products/{id}/archive | |

= CategoryHierarchyBuilder | 0 6 0 0 0 | 6
A 201 POST /categories | POST /categories | name | root
A 201 POST /categories | POST /categories | name parent_category_id=$root | child
C 201 POST /categories | POST /categories | name parent_category_id=$child attributes | leaf
C 200 PUT /categories/{root} | PUT /categories/{id} | name attributes |
C 200 PUT /categories/{leaf/child}/reorder | PUT /categories/{id}/reorder | new_display_order |
C 200 PUT /categories/{leaf/child}/deactivate | PUT /categories/{id}/deactivate | |

= CartLifecycleJourney | 0 0 4 0 0 | 4
A 201 POST /carts | POST /carts | customer_id~cust- | cart
C 200 POST /carts/{cart}/items | POST /carts/{id}/items | @cart_item |
C 200 POST /carts/{cart}/items | POST /carts/{id}/items | @cart_item |
C 200 POST /carts/{cart}/items | POST /carts/{id}/items | @cart_item |
C 200 PUT /carts/{cart}/abandon | PUT /carts/{id}/abandon | |

= OrderFullLifecycleJourney | 0 0 8 0 0 | 0
A 201 POST /orders | POST /orders | customer_id~cust- @order | order
A 200 PUT /orders/{order}/confirm | PUT /orders/{id}/confirm | |
A 200 PUT /orders/{order}/payment/pending | PUT /orders/{id}/payment/pending | payment_id?pay~pay- payment_method=credit_card |
A 200 PUT /orders/{order}/payment/success | PUT /orders/{id}/payment/success | payment_id?pay~pay- amount payment_method=credit_card |
C 200 PUT /orders/{order}/processing | PUT /orders/{id}/processing | |
C 200 PUT /orders/{order}/ship | PUT /orders/{id}/ship | @shipment |
C 200 PUT /orders/{order}/deliver | PUT /orders/{id}/deliver | |
C 200 PUT /orders/{order}/complete | PUT /orders/{id}/complete | |

= OrderCancellationJourney | 0 0 5 0 0 | 0
A 201 POST /orders | POST /orders | customer_id~cust- @order | order
A 200 PUT /orders/{order}/confirm | PUT /orders/{id}/confirm | |
A 200 PUT /orders/{order}/payment/pending | PUT /orders/{id}/payment/pending | payment_id?pay~pay- payment_method=credit_card |
C 200 PUT /orders/{order}/cancel | PUT /orders/{id}/cancel | reason=Changed_my_mind cancelled_by=customer |
C 200 PUT /orders/{order}/refund | PUT /orders/{id}/refund | refund_amount=null |

= CartToCheckoutJourney | 0 0 5 0 0 | 4
A 201 POST /carts | POST /carts | customer_id~cust- | cart
L 200 POST /carts/{cart}/items | POST /carts/{id}/items | @cart_item | !item
+L 200 POST /carts/{cart}/items | POST /carts/{id}/items | @cart_item | !item
+L 200 POST /carts/{cart}/items | POST /carts/{id}/items | @cart_item | !item
C 201 POST /carts/{cart}/checkout if item | POST /carts/{id}/checkout | @checkout |

= OrderReturnJourney | 0 0 9 0 0 | 0
A 201 POST /orders | POST /orders | customer_id~cust- @order | order
A 200 PUT /orders/{order}/confirm | PUT /orders/{id}/confirm | |
A 200 PUT /orders/{order}/payment/pending | PUT /orders/{id}/payment/pending | payment_id?pay~pay- payment_method=credit_card |
A 200 PUT /orders/{order}/payment/success | PUT /orders/{id}/payment/success | payment_id?pay~pay- amount payment_method=credit_card |
C 200 PUT /orders/{order}/ship | PUT /orders/{id}/ship | @shipment |
C 200 PUT /orders/{order}/deliver | PUT /orders/{id}/deliver | |
C 200 PUT /orders/{order}/return/request | PUT /orders/{id}/return/request | reason=Item_damaged_in_transit |
C 200 PUT /orders/{order}/return/approve | PUT /orders/{id}/return/approve | |
C 200 PUT /orders/{order}/return/record | PUT /orders/{id}/return/record | returned_item_ids=null |

= StockInitAndReceiveJourney | 0 0 0 6 0 | 1
A 201 POST /warehouses | POST /warehouses | @warehouse | warehouse
A 201 POST /inventory | POST /inventory | product_id~prod- variant_id~var- warehouse_id=$warehouse @stock initial_quantity=100 | item
C 200 PUT /inventory/{item}/receive | PUT /inventory/{id}/receive | quantity reference~PO- |
C 200 PUT /inventory/{item}/adjust | PUT /inventory/{id}/adjust | quantity_change adjustment_type=shrinkage reason=Damaged_during_handling adjusted_by=warehouse-mgr |
C 200 PUT /inventory/{item}/stock-check | PUT /inventory/{id}/stock-check | counted_quantity checked_by=auditor-01 |

= ReservationLifecycleJourney | 0 0 0 2 0 | 0
A 201 POST /inventory | POST /inventory | product_id~prod- variant_id~var- warehouse_id~wh- @stock initial_quantity=50 | item
A 201 POST /inventory/{item}/reserve | POST /inventory/{id}/reserve | order_id~ord- quantity expires_in_minutes=15 |

= ReservationReleaseJourney | 0 0 0 2 0 | 0
A 201 POST /inventory | POST /inventory | product_id~prod- variant_id~var- warehouse_id~wh- @stock initial_quantity=50 | item
A 201 POST /inventory/{item}/reserve | POST /inventory/{id}/reserve | order_id~ord- quantity=3 expires_in_minutes=15 |

= DamageWriteOffJourney | 0 0 0 3 0 | 0
A 201 POST /inventory | POST /inventory | product_id~prod- variant_id~var- warehouse_id~wh- @stock initial_quantity=100 | item
C 200 PUT /inventory/{item}/damage | PUT /inventory/{id}/damage | quantity=5 reason=Water_damage_from_leak |
C 200 PUT /inventory/{item}/damage/write-off | PUT /inventory/{id}/damage/write-off | quantity=5 approved_by=warehouse-mgr |

= PaymentSuccessJourney | 0 0 0 0 2 | 0
A 201 POST /payments | POST /payments | order_id~ord- customer_id~cust- @payment | payment
C 200 POST /payments/webhook | POST /payments/webhook (success) | payment_id=$payment @success W |

= PaymentFailureRetryJourney | 0 0 0 0 4 | 0
A 201 POST /payments | POST /payments | order_id~ord- customer_id~cust- @payment | payment
C 200 POST /payments/webhook | POST /payments/webhook (failure) | payment_id=$payment @failure W |
C 200 POST /payments/{payment}/retry | POST /payments/{id}/retry | |
C 200 POST /payments/webhook | POST /payments/webhook (success after retry) | payment_id=$payment @success W |

= PaymentRefundJourney | 0 0 0 0 4 | 0
A 201 POST /payments | POST /payments | order_id~ord- customer_id~cust- @payment | payment
A 200 POST /payments/webhook | POST /payments/webhook (success) | payment_id=$payment @success W |
A 200 POST /payments/{payment}/refund | POST /payments/{id}/refund | amount reason=Customer_requested_cancellation | refund
C 200 POST /payments/refund/webhook | POST /payments/refund/webhook | payment_id=$payment refund_id=$refund gateway_refund_id~gref- W |

= InvoiceJourney | 0 0 0 0 2 | 2
A 201 POST /invoices | POST /invoices | order_id~ord- customer_id~cust- @invoice | invoice
C 200 PUT /invoices/{invoice}/void | PUT /invoices/{id}/void | reason=Order_cancelled_by_customer |

= EndToEndOrderJourney | 1 3 6 3 3 | 6
A 201 POST /customers | [E2E] POST /customers | @registration phone | customer
A 201 POST /products | [E2E] POST /products | @product | product
C 201 POST /products/{product}/variants | [E2E] POST /products/{id}/variants | variant_sku?sku~VAR- @variant |
C 200 PUT /products/{product}/activate | [E2E] PUT /products/{id}/activate | |
C 201 POST /warehouses | [E2E] POST /warehouses | @warehouse | warehouse
C 201 POST /inventory | [E2E] POST /inventory | product_id=$product variant_id=$sku|var- warehouse_id=$warehouse|wh- @stock initial_quantity=100 | item
A 201 POST /orders | [E2E] POST /orders | customer_id=$customer @order | order
C 201 POST /inventory/{item}/reserve | [E2E] POST /inventory/{id}/reserve | order_id=$order quantity=2 expires_in_minutes=15 |
A 200 PUT /orders/{order}/confirm | [E2E] PUT /orders/{id}/confirm | |
A 201 POST /payments | [E2E] POST /payments | order_id=$order customer_id=$customer @payment | payment
C 200 PUT /orders/{order}/payment/pending | [E2E] PUT /orders/{id}/payment/pending | payment_id=$payment payment_method=credit_card |
C 200 POST /payments/webhook | [E2E] POST /payments/webhook | payment_id=$payment @success W |
C 200 PUT /orders/{order}/payment/success | [E2E] PUT /orders/{id}/payment/success | payment_id=$payment amount payment_method=credit_card |
C 200 PUT /orders/{order}/ship | [E2E] PUT /orders/{id}/ship | @shipment |
C 200 PUT /orders/{order}/deliver | [E2E] PUT /orders/{id}/deliver | |
C 201 POST /invoices | [E2E] POST /invoices | order_id=$order customer_id=$customer @invoice |

= FlashSaleStampede | 0 0 0 2 0 | 0
C 201 POST /inventory/{flash}/reserve | [FLASH] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |

= CancelDuringPaymentJourney | 0 0 4 0 2 | 0
A 201 POST /orders | [RACE-CANCEL] POST /orders | customer_id~cust- @order | order
A 200 PUT /orders/{order}/confirm | [RACE-CANCEL] PUT /orders/{id}/confirm | |
A 201 POST /payments | [RACE-CANCEL] POST /payments | order_id=$order customer_id~cust- @payment | payment
A 200 PUT /orders/{order}/payment/pending | [RACE-CANCEL] PUT /orders/{id}/payment/pending | payment_id=$payment payment_method=credit_card |
C 200 PUT /orders/{order}/cancel | [RACE-CANCEL] PUT /orders/{id}/cancel (RACE) | reason=Changed_my_mind cancelled_by=customer |
+C 200 POST /payments/webhook | [RACE-CANCEL] POST /payments/webhook (RACE) | payment_id=$payment @success W |

= ConcurrentOrderModificationJourney | 0 0 3 0 0 | 0
A 201 POST /orders | [RACE-MOD] POST /orders | customer_id~cust- @order | order
C 200 POST /orders/{order}/items | [RACE-MOD] POST /orders/{id}/items (RACE) | @order_item |
+C 200 PUT /orders/{order}/confirm | [RACE-MOD] PUT /orders/{id}/confirm (RACE) | |
+C 400 POST /orders/{order}/items | [RACE-MOD] POST /orders/{id}/items (RACE-2) | @order_item |

= SagaOrderCheckoutJourney | 0 0 4 3 2 | 1
C 201 POST /warehouses | [SAGA] POST /warehouses | @warehouse | warehouse
+C 201 POST /inventory | [SAGA] POST /inventory | product_id~prod- variant_id~var- warehouse_id=$warehouse|wh- @stock initial_quantity=50 | item
A 201 POST /orders | [SAGA] POST /orders | customer_id?customer~cust- @order | order
K 201 POST /inventory/{item}/reserve | [SAGA] POST /inventory/{id}/reserve | order_id=$order quantity=2 expires_in_minutes=15 |
+x 200 PUT /orders/{order}/cancel | [SAGA] PUT /orders/{id}/cancel (compensation) | reason=Out_of_stock cancelled_by=system |
A 200 PUT /orders/{order}/confirm | [SAGA] PUT /orders/{id}/confirm | |
A 201 POST /payments | [SAGA] POST /payments | order_id=$order customer_id?customer~cust- @payment | payment
C 200 PUT /orders/{order}/payment/pending | [SAGA] PUT /orders/{id}/payment/pending | payment_id=$payment payment_method=credit_card |
C 200 POST /payments/webhook | [SAGA] POST /payments/webhook (success) | payment_id=$payment @success W |
+C 200 PUT /orders/{order}/payment/success | [SAGA] PUT /orders/{id}/payment/success | payment_id=$payment amount payment_method=credit_card |

= SagaOrderCheckoutJourney | 0 0 5 3 2 | 1
C 201 POST /warehouses | [SAGA] POST /warehouses | @warehouse | warehouse
+C 201 POST /inventory | [SAGA] POST /inventory | product_id~prod- variant_id~var- warehouse_id=$warehouse|wh- @stock initial_quantity=50 | item
A 201 POST /orders | [SAGA] POST /orders | customer_id?customer~cust- @order | order
K 201 POST /inventory/{item}/reserve | [SAGA] POST /inventory/{id}/reserve | order_id=$order quantity=2 expires_in_minutes=15 |
+x 200 PUT /orders/{order}/cancel | [SAGA] PUT /orders/{id}/cancel (compensation) | reason=Out_of_stock cancelled_by=system |
A 200 PUT /orders/{order}/confirm | [SAGA] PUT /orders/{id}/confirm | |
A 201 POST /payments | [SAGA] POST /payments | order_id=$order customer_id?customer~cust- @payment | payment
C 200 PUT /orders/{order}/payment/pending | [SAGA] PUT /orders/{id}/payment/pending | payment_id=$payment payment_method=credit_card |
C 200 POST /payments/webhook | [SAGA] POST /payments/webhook (failure) | payment_id=$payment @failure W |
+C 200 PUT /orders/{order}/payment/failure | [SAGA] PUT /orders/{id}/payment/failure | payment_id=$payment reason=Card_declined |
+C 200 PUT /orders/{order}/cancel | [SAGA] PUT /orders/{id}/cancel (compensation) | reason=Payment_failed cancelled_by=system |

= EventFloodUser.register_customer | 1 0 0 0 0 | 1
A 201 POST /customers | [STRESS] POST /customers | @registration | customer

= EventFloodUser.create_product | 0 1 0 0 0 | 1
A 201 POST /products | [STRESS] POST /products | @product | product

= EventFloodUser.create_category | 0 1 0 0 0 | 1
A 201 POST /categories | [STRESS] POST /categories | name | category

= EventFloodUser.create_product_with_variant | 0 2 0 0 0 | 2
A 201 POST /products | [STRESS] POST /products+variant | @product | product
+A 201 POST /products/{product}/variants | [STRESS] POST /products/{id}/variants | variant_sku~VAR- @variant |

= EventFloodUser.create_order | 0 0 1 0 0 | 0
A 201 POST /orders | [STRESS] POST /orders | customer_id~cust- @order | order

= EventFloodUser.initialize_inventory | 0 0 0 1 0 | 0
A 201 POST /inventory | [STRESS] POST /inventory | product_id~prod- variant_id~var- warehouse_id~wh- @stock initial_quantity | item

= EventFloodUser.create_payment | 0 0 0 0 1 | 0
A 201 POST /payments | [STRESS] POST /payments | order_id~ord- customer_id~cust- @payment | payment

= EventFloodUser.create_warehouse | 0 0 0 1 0 | 1
A 201 POST /warehouses | [STRESS] POST /warehouses | @warehouse | warehouse

= SpikeUser.rapid_registration | 1 0 0 0 0 | 1
A 201 POST /customers | [SPIKE] POST /customers | @registration | customer

= CrossDomainFloodUser.register_customer | 1 0 0 0 0 | 1
A 201 POST /customers | [X-FLOOD] POST /customers | @registration | customer

= CrossDomainFloodUser.create_product_variant | 0 2 0 0 0 | 2
A 201 POST /products | [X-FLOOD] POST /products | @product | product
+A 201 POST /products/{product}/variants | [X-FLOOD] POST /products/{id}/variants | variant_sku~VAR- @variant |

= CrossDomainFloodUser.create_order_confirm | 0 0 2 0 0 | 0
A 201 POST /orders | [X-FLOOD] POST /orders | customer_id~cust- @order | order
+A 200 PUT /orders/{order}/confirm | [X-FLOOD] PUT /orders/{id}/confirm | |

= CrossDomainFloodUser.inventory_init_receive | 0 0 0 2 0 | 0
A 201 POST /inventory | [X-FLOOD] POST /inventory | product_id~prod- variant_id~var- warehouse_id~wh- @stock initial_quantity=100 | item
+A 200 PUT /inventory/{item}/receive | [X-FLOOD] PUT /inventory/{id}/receive | quantity=50 reference~PO- |

= CrossDomainFloodUser.payment_initiate_webhook | 0 0 0 0 2 | 0
A 201 POST /payments | [X-FLOOD] POST /payments | order_id~ord- customer_id~cust- @payment | payment
+A 200 POST /payments/webhook | [X-FLOOD] POST /payments/webhook | payment_id=$payment @success W |

= LastPiecesRace | 0 0 0 25 0 | 0
A 201 POST /inventory | [RACE-STOCK] POST /inventory | product_id~prod- variant_id~var- warehouse_id~wh- @stock initial_quantity=3 | item
C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |
+C 201 POST /inventory/{item}/reserve | [RACE-STOCK] POST /inventory/{id}/reserve (RACE) | order_id~flash-ord- quantity expires_in_minutes=15 |

= CancelAgainstPaidRace | 0 0 5 0 0 | 0
A 201 POST /orders | [RACE-PAID] POST /orders | customer_id~cust- @order | order
A 200 PUT /orders/{order}/confirm | [RACE-PAID] PUT /orders/{id}/confirm | |
A 200 PUT /orders/{order}/payment/pending | [RACE-PAID] PUT /orders/{id}/payment/pending | payment_id?pay~pay- payment_method=credit_card |
C 200 PUT /orders/{order}/cancel | [RACE-PAID] PUT /orders/{id}/cancel (RACE) | reason=Changed_my_mind cancelled_by=customer |
+C 200 PUT /orders/{order}/payment/success | [RACE-PAID] PUT /orders/{id}/payment/success (RACE) | payment_id?pay~pay- amount payment_method=credit_card |

= DuplicateWebhookRace | 0 0 0 0 3 | 0
A 201 POST /payments | [RACE-WEBHOOK] POST /payments | order_id~ord- customer_id~cust- @payment | payment
C 200 POST /payments/webhook | [RACE-WEBHOOK] POST /payments/webhook (RACE) | payment_id=$payment @success W |
+C 200 POST /payments/webhook | [RACE-WEBHOOK] POST /payments/webhook (RACE) | payment_id=$payment @success W |

= ContradictingWebhooksRace | 0 0 0 0 3 | 0
A 201 POST /payments | [RACE-CONTRADICT] POST /payments | order_id~ord- customer_id~cust- @payment | payment
C 200 POST /payments/webhook | [RACE-CONTRADICT] POST /payments/webhook (success, RACE) | payment_id=$payment @success W |
+C 200 POST /payments/webhook | [RACE-CONTRADICT] POST /payments/webhook (failure, RACE) | payment_id=$payment @failure W |

= ConcurrentRefundsRace | 0 0 0 0 8 | 0
A 201 POST /payments | [RACE-REFUND] POST /payments | order_id~ord- customer_id~cust- @payment | payment
A 200 POST /payments/webhook | [RACE-REFUND] POST /payments/webhook | payment_id=$payment @success W |
C 200 POST /payments/{payment}/refund | [RACE-REFUND] POST /payments/{id}/refund (RACE) | amount reason=Customer_requested_cancellation | one
+C 200 POST /payments/{payment}/refund | [RACE-REFUND] POST /payments/{id}/refund (RACE) | amount reason=Customer_requested_cancellation | two
+C 200 POST /payments/{payment}/refund | [RACE-REFUND] POST /payments/{id}/refund (RACE) | amount reason=Customer_requested_cancellation | three
C 200 POST /payments/refund/webhook if one | [RACE-REFUND] POST /payments/refund/webhook | payment_id=$payment refund_id=$one gateway_refund_id~gref- W |
C 200 POST /payments/refund/webhook if two | [RACE-REFUND] POST /payments/refund/webhook | payment_id=$payment refund_id=$two gateway_refund_id~gref- W |
C 200 POST /payments/refund/webhook if three | [RACE-REFUND] POST /payments/refund/webhook | payment_id=$payment refund_id=$three gateway_refund_id~gref- W |

= DuplicateRefundWebhookRace | 0 0 0 0 5 | 0
A 201 POST /payments | [RACE-REFUND-TWICE] POST /payments | order_id~ord- customer_id~cust- @payment | payment
A 200 POST /payments/webhook | [RACE-REFUND-TWICE] POST /payments/webhook | payment_id=$payment @success W |
A 200 POST /payments/{payment}/refund | [RACE-REFUND-TWICE] POST /payments/{id}/refund | amount reason=Customer_requested_cancellation | refund
C 200 POST /payments/refund/webhook | [RACE-REFUND-TWICE] POST /payments/refund/webhook (RACE) | payment_id=$payment refund_id=$refund gateway_refund_id~gref- W |
+C 200 POST /payments/refund/webhook | [RACE-REFUND-TWICE] POST /payments/refund/webhook (RACE) | payment_id=$payment refund_id=$refund gateway_refund_id~gref- W |

= SameIdempotencyKeyRace | 0 0 0 0 2 | 0
C 201 POST /payments | [RACE-KEY] POST /payments (RACE) | order_id~ord- customer_id~cust- amount currency=USD payment_method_type last4 idempotency_key?key~idem- |
+C 201 POST /payments | [RACE-KEY] POST /payments (RACE) | order_id~ord- customer_id~cust- amount currency=USD payment_method_type last4 idempotency_key?key~idem- |

= SameExternalIdRace | 4 0 0 0 0 | 4
C 201 POST /customers | [RACE-ID] POST /customers (RACE) | external_id?external~EXT-RACE- email first_name last_name |
+C 201 POST /customers | [RACE-ID] POST /customers (RACE) | external_id?external~EXT-RACE- email first_name last_name |
+C 201 POST /customers | [RACE-ID] POST /customers (RACE) | external_id?external~EXT-RACE- email first_name last_name |
+C 201 POST /customers | [RACE-ID] POST /customers (RACE) | external_id?external~EXT-RACE- email first_name last_name |

= ConcurrentCheckoutRace | 0 0 7 0 0 | 4
A 201 POST /carts | [RACE-CHECKOUT] POST /carts | customer_id~cust- | cart
A 200 POST /carts/{cart}/items | [RACE-CHECKOUT] POST /carts/{id}/items | @cart_item |
C 201 POST /carts/{cart}/checkout | [RACE-CHECKOUT] POST /carts/{id}/checkout (RACE) | @checkout |
+C 201 POST /carts/{cart}/checkout | [RACE-CHECKOUT] POST /carts/{id}/checkout (RACE) | @checkout |
+C 201 POST /carts/{cart}/checkout | [RACE-CHECKOUT] POST /carts/{id}/checkout (RACE) | @checkout |

= ElevenAddressesRace | 12 0 0 0 0 | 12
A 201 POST /customers | [RACE-ADDRESS] POST /customers | @registration | customer
C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |
+C 201 POST /customers/{customer}/addresses | [RACE-ADDRESS] POST /customers/{id}/addresses (RACE) | @address |

= DoubleSuspendRace | 3 0 0 0 0 | 3
A 201 POST /customers | [RACE-SUSPEND] POST /customers | @registration | customer
C 200 PUT /customers/{customer}/suspend | [RACE-SUSPEND] PUT /customers/{id}/suspend (RACE) | reason=Load_test_suspension |
+C 200 PUT /customers/{customer}/suspend | [RACE-SUSPEND] PUT /customers/{id}/suspend (RACE) | reason=Load_test_suspension |
"#;
